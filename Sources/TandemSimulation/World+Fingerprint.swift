import TandemFailover

/// Keeping explored states few: what cannot matter any more goes, and states that behave alike count as one.
extension World {
    func isWorthExploring(_ happening: Happening) -> Bool {
        switch happening {
        case .tick, .agentStarts, .election, .drop, .clientWrites, .fault, .faultEnds, .hostStarts, .audit, .holdEnds,
            .operatorAdopts:
            false
        case .toAgent(let host, let incarnation, .heartbeatCommitted(let id)),
            .toAgent(let host, let incarnation, .heartbeatFailed(let id)):
            isCurrent(host, incarnation) && agent(host)?.awaitedHeartbeat == id
        case .toAgent(let host, let incarnation, _): isCurrent(host, incarnation)
        case .message(_, let to, .answered(_, let question, _)): agent(to)?.awaitedQuestion == question
        case .message(let from, _, .asked(_, let question)): agent(from)?.awaitedQuestion == question
        case .message(let from, let to, _): from < topology.dataNodes && to < topology.dataNodes
        case .storeRequest(let from, let incarnation, let id, .refresh, _):
            from < topology.dataNodes && isCurrent(from, incarnation) && agent(from)?.awaitedRefresh == id
        case .storeRequest(_, _, _, .write(let transaction), _):
            // Refused for ever, and its sender learns that from a read as well.
            transaction.expectedRevision == store.stateRevision
        case .storeAnswer(let host, let incarnation, let id, .read):
            isCurrent(host, incarnation) && agent(host)?.awaitedRefresh == id
        case .storeAnswer(let host, let incarnation, let id, _):
            isCurrent(host, incarnation) && agent(host)?.awaitedWrites?.contains(id) == true
        case .command(let host, let incarnation, let boot, let id, _):
            (isCurrent(host, incarnation) && agent(host)?.awaitedCommand == id)
                || (servers[host].boot == boot && incarnation >= servers[host].sessionsFrom)
        case .commandEnds(let host, _, let incarnation, let id):
            isCurrent(host, incarnation) && agent(host)?.awaitedCommand == id
        case .lookEnds(let host, let incarnation, let id, let outcome, _):
            isCurrent(host, incarnation) && (outcome == nil || agent(host)?.awaitedCommand == id)
        case .closingEnds(_, _, let by, let incarnation, let id):
            isCurrent(by, incarnation) && agent(by)?.awaitedCommand == id
        case .booted(let host, let boot): servers[host].boot == boot
        case .heartbeat(let host, _, let boot, _, _): servers[host].boot == boot
        case .connect(let host, let boot): servers[host].boot == boot && servers[host].connection == nil
        case .deliver(let host, let session, _): servers[host].session == session
        case .acknowledge(let source, let boot, _, _, _): servers[source].boot == boot
        }
    }

    private func isCurrent(_ host: Int, _ incarnation: UInt32) -> Bool {
        hosts[host].hasAgent && hosts[host].incarnation == incarnation
    }

    /// Of what supersedes each other, the newest stays.
    mutating func tidy() {
        var kept: [Happening] = []
        kept.reserveCapacity(queue.collected.count)
        for happening in queue.collected.reversed() where isWorthExploring(happening) {
            if !kept.contains(where: { supersedes($0, happening) }) { kept.append(happening) }
        }
        queue.collected = kept.reversed()
    }

    private func supersedes(_ newer: Happening, _ older: Happening) -> Bool {
        switch (newer, older) {
        case (.message(let from, let to, .heard), .message(let from2, let to2, .heard)): from == from2 && to == to2
        case (.connect(let host, _), .connect(let host2, _)): host == host2
        case (
            .acknowledge(let source, _, let from, _, let count), .acknowledge(let source2, _, let from2, _, let count2)
        ):
            source == source2 && from == from2 && count >= count2
        case (.storeRequest(let from, _, _, .write(let new), _), .storeRequest(let from2, _, _, .write(let old), _)):
            from == from2 && new == old
        case (.storeAnswer(let host, _, _, let new), .storeAnswer(let host2, _, _, let old)):
            host == host2 && new == .refused && old == .refused
        default: false
        }
    }

    func fingerprint(faults: Int) -> Int {
        var print = Fingerprint(hosts: hosts.count)
        add(to: &print)
        for happening in queue.collected { add(happening, to: &print) }
        print.startHashing()
        // The order in which things were sent does not matter.
        var sum = 0
        for happening in queue.collected {
            var one = print
            add(happening, to: &one)
            sum &+= one.hasher.finalize()
        }
        add(to: &print)
        print.value(sum)
        print.value(faults)
        return print.hasher.finalize()
    }

    private func add(to print: inout Fingerprint) {
        print.value(store.record)
        print.revision(store.stateRevision)
        print.value(store.leader)
        let holder = store.leaderLeaseHolder
        print.value(holder?.host)
        print.value(holder.map { $0.incarnation == hosts[$0.host].incarnation })
        for host in 0..<topology.dataNodes { print.value(store.hasLease(host, hosts[host].incarnation)) }
        print.value(store.reachableFrom)
        print.value(blocked)
        for host in 0..<topology.dataNodes {
            print.value(!hosts[host].hasAgent)
            agent(host)?.add(to: &print, boot: servers[host].boot)
            add(servers[host], of: host, to: &print)
        }
    }

    private func add(_ server: SimulatedServer, of host: Int, to print: inout Fingerprint) {
        print.value(server.process)
        print.value(histories[host].suffix(12))
        print.value([server.held, server.logged, server.committed, server.durable])
        print.value(server.admitted)
        print.value(server.source)
        print.value(server.attachedEpoch)
        print.value(server.note)
        print.value(server.access)
        print.value([server.isSourceSideOn, server.isReplicaSideOn, server.isReceiverOn, server.isReceiverRefused])
        print.value([server.syncsRelayLog, server.isDurable, server.undurableFrom == nil, server.isTorn])
        print.value(server.connection?.source)
        print.value(server.connection?.acknowledges)
        print.value(server.connection.map { $0.sourceBoot == servers[$0.source].boot })
        print.value([server.isDeliveryUnderWay, server.isApplierOn, server.sessionsFrom == hosts[host].incarnation])
        for beat in heartbeats[host] { print.value(beat.count) }
    }

    private func add(_ happening: Happening, to print: inout Fingerprint) {
        switch happening {
        case .toAgent(let host, _, .heartbeatCommitted(let id)):
            print.value([1, host])
            print.id(id, of: host)
        case .toAgent(let host, _, .heartbeatFailed(let id)):
            print.value([18, host])
            print.id(id, of: host)
        case .commandEnds(let host, _, _, let id):
            print.value([19, host])
            print.id(id, of: host)
        case .lookEnds(let host, _, let id, let outcome, let begun):
            print.value([20, host])
            print.id(id, of: host)
            print.value(outcome)
            print.value(begun)
        case .toAgent(let host, _, .commandFinished(let id, let outcome, let seen)):
            print.value([2, host])
            print.id(id, of: host)
            print.value(outcome)
            print.value(seen)
        case .message(let from, let to, .heard(_, let status)):
            print.value([3, from, to])
            print.status(status)
        case .message(let from, let to, .asked(_, let question)):
            print.value([4, from, to])
            print.id(question, of: from)
        case .message(let from, let to, .answered(_, let question, let inventory)):
            print.value([5, from, to])
            print.id(question, of: to)
            print.value(inventory)
        case .storeRequest(let from, let incarnation, let id, .write(let transaction), _):
            print.value([6, from, incarnation == hosts[from].incarnation ? 1 : 0])
            print.id(id, of: from)
            print.transaction(transaction)
        case .storeAnswer(let host, _, let id, .read(let snapshot)):
            print.value([7, host])
            print.id(id, of: host)
            print.snapshot(snapshot)
        case .storeAnswer(let host, _, let id, let answer):
            print.value([8, host])
            print.id(id, of: host)
            if case .written(let revision) = answer { print.revision(revision) }
        default: addServerHappening(happening, to: &print)
        }
    }

    private func addServerHappening(_ happening: Happening, to print: inout Fingerprint) {
        switch happening {
        case .storeRequest(let from, _, let id, _, _):
            print.value([9, from])
            print.id(id, of: from)
        case .command(let host, let incarnation, let boot, let id, let command):
            print.value([10, host, incarnation == hosts[host].incarnation ? 1 : 0])
            print.value(boot == servers[host].boot)
            print.id(id, of: host)
            print.value(command)
        case .closingEnds(let host, let boot, let by, _, let id):
            print.value([11, host, by, boot == servers[host].boot ? 1 : 0])
            print.id(id, of: by)
        case .booted(let host, _): print.value([12, host])
        case .heartbeat(let host, let incarnation, _, let id, _):
            print.value([13, host, incarnation == hosts[host].incarnation ? 1 : 0])
            print.id(id, of: host)
        case .connect(let host, _): print.value([14, host])
        case .deliver(let host, _, _): print.value([15, host])
        case .acknowledge(let source, _, let from, let session, let count):
            print.value([16, source, from, count, session == servers[from].session ? 1 : 0])
        default: print.value(17)
        }
    }
}

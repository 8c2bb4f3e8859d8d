import TandemFailover

extension World {
    private func diskTime(_ host: Int) -> Int { hosts[host].server.diskSlowUntil > time ? 400_000 : 500 }

    /// A commit at `host`: into the binary log, on disk; then it waits for an acknowledgement, or not.
    mutating func commit(_ host: Int, isClient: Bool) {
        hosts[host].server.settle(at: time)
        if hosts[host].server.logged < hosts[host].server.history.count {
            violate(.openedTooEarly, host, "commits before it has applied all that it received")
            return
        }
        hosts[host].server.sequence += 1
        let transaction = ledger.add(
            origin: hosts[host].server.origin, sequence: hosts[host].server.sequence, isClient: isClient)
        hosts[host].server.history.append(transaction)
        let count = hosts[host].server.history.count
        hosts[host].server.logged = count
        hosts[host].server.durable = count
        hosts[host].server.isFresh = false
        if !hosts[host].server.isSourceSideOn { release(host, upTo: count) }
        for other in hosts.indices where hosts[other].server.connection?.source == host { offer(to: other, from: host) }
    }

    /// Commits in the engine, and tells the clients.
    mutating func release(_ host: Int, upTo count: Int) {
        let first = hosts[host].server.committed
        let last = min(count, hosts[host].server.logged)
        guard last > first else { return }
        hosts[host].server.committed = last
        for index in first..<last {
            let transaction = hosts[host].server.history[index]
            guard ledger.isClients[Int(transaction)] else { continue }
            guard ledger.promise(transaction, at: index, of: hosts[host].server.history) else {
                violate(.lostWrite, host, "acknowledges a write without having those acknowledged before")
                return
            }
            measureAcknowledgement()
        }
        while let beat = hosts[host].server.heartbeats.first, beat.count <= last {
            hosts[host].server.heartbeats.removeFirst()
            schedule(
                .toAgent(host: host, incarnation: beat.incarnation, .heartbeatCommitted(id: beat.id)),
                after: 200 + random.below(500))
        }
    }

    mutating func clientWrites() {
        schedule(.clientWrites, after: Int(writeInterval) / 2 + random.below(Int(writeInterval)))
        // Clients are not told whom to trust: they write to whatever server lets them.
        for host in hosts.indices {
            guard hosts[host].server.access == .writing, serverAnswers(host) else { continue }
            commit(host, isClient: true)
        }
    }

    mutating func writeHeartbeat(_ host: Int, _ incarnation: UInt32, _ boot: UInt32, _ id: UInt64) {
        let thaw = serverThaws(host)
        guard hosts[host].server.boot == boot, hosts[host].server.isUp else { return }
        guard thaw <= time else {
            queue.push(.heartbeat(host: host, incarnation: incarnation, boot: boot, id: id), at: thaw)
            return
        }
        guard hosts[host].server.access.allowsCommits, incarnation >= hosts[host].server.sessionsFrom else { return }
        let count = hosts[host].server.history.count + 1
        hosts[host].server.heartbeats.append(.init(count: count, id: id, incarnation: incarnation))
        commit(host, isClient: false)
    }

    private mutating func offer(to host: Int, from source: Int) {
        guard !hosts[host].server.isDeliveryUnderWay else { return }
        hosts[host].server.isDeliveryUnderWay = true
        let session = hosts[host].server.session
        schedule(
            .deliver(host: host, session: session, attempts: 0),
            after: 200 + random.below(600) + diskTime(host) + diskTime(source))
    }

    mutating func connect(_ host: Int, _ boot: UInt32) {
        guard hosts[host].server.boot == boot, hosts[host].server.isUp, hosts[host].server.isReceiverOn,
            hosts[host].server.connection == nil, let source = hosts[host].server.source
        else { return }
        guard serverAnswers(host), serverAnswers(source), isConnected(host, source),
            hosts[source].server.admitted.contains(HostID(host))
        else {
            schedule(.connect(host: host, boot: boot), after: 700_000 + random.below(100_000))
            return
        }
        let own = hosts[host].server.history.count
        if hosts[source].server.purged > own {
            hosts[host].server.isReceiverOn = false
            hosts[host].server.isReceiverRefused = true
            if isTracing { note(host, "its receiver is refused: \(topology.name(source)) purged what it needs") }
            return
        }
        let theirs = hosts[source].server.history
        guard own <= theirs.count, own == 0 || theirs[own - 1] == hosts[host].server.history[own - 1] else {
            // Left over from an earlier epoch, its agent gone: harmless, as it is compared before it counts again.
            if hosts[host].server.attachedEpoch == store.record?.epoch {
                violate(.diverged, host, "follows \(topology.name(source)), though it holds what that one lacks")
            } else {
                schedule(.connect(host: host, boot: boot), after: 700_000)
            }
            return
        }
        let acknowledges = hosts[host].server.isReplicaSideOn
        hosts[host].server.session &+= 1
        hosts[host].server.connection = .init(
            source: source, sourceBoot: hosts[source].server.boot, acknowledges: acknowledges)
        hosts[host].server.isDeliveryUnderWay = false
        hosts[host].server.isFresh = false
        needsAbilityCheck = true
        if isTracing {
            note(host, "its receiver connects to \(topology.name(source))\(acknowledges ? ", acknowledging" : "")")
        }
        offer(to: host, from: source)
    }

    mutating func deliver(_ host: Int, _ session: UInt32, _ attempts: Int) {
        guard hosts[host].server.session == session, let connection = hosts[host].server.connection else { return }
        let source = connection.source
        guard hosts[source].server.isUp, hosts[source].server.boot == connection.sourceBoot else {
            loseConnection(host)
            return
        }
        guard serverAnswers(host), serverAnswers(source), isConnected(host, source) else {
            if attempts > 30, !isExploring {
                loseConnection(host)
            } else {
                schedule(
                    .deliver(host: host, session: session, attempts: isExploring ? 0 : attempts + 1), after: 250_000)
            }
            return
        }
        hosts[host].server.isDeliveryUnderWay = false
        hosts[host].server.settle(at: time)
        let own = hosts[host].server.history.count
        let count = hosts[source].server.logged
        if count > own {
            hosts[host].server.history.append(contentsOf: hosts[source].server.history[own..<count])
            if hosts[host].server.logged == own {
                let isSlow = hosts[host].server.applierSlowUntil > time
                let delay = isSlow ? 2_000_000 : 1_000 + random.below(20_000)
                hosts[host].server.applierReadyAt = isExploring ? .max : time + Int64(delay)
            }
            hosts[host].server.receivedCount += UInt64(count - own)
            if !serverDefects.contains(.relayLogUnsynced) { hosts[host].server.durable = count }
        }
        guard connection.acknowledges else { return }
        schedule(
            .acknowledge(
                source: source, boot: connection.sourceBoot, from: host, session: session, count: count),
            after: 200 + random.below(600))
    }

    mutating func acknowledge(_ source: Int, _ boot: UInt32, _ from: Int, _ session: UInt32, _ count: Int) {
        guard hosts[source].server.boot == boot, hosts[source].server.isUp else { return }
        let thaw = serverThaws(source)
        guard thaw <= time else {
            queue.push(.acknowledge(source: source, boot: boot, from: from, session: session, count: count), at: thaw)
            return
        }
        guard reaches(from, source) else {
            // Sent again by TCP, as long as the connection stands.
            guard hosts[from].server.session == session else { return }
            schedule(
                .acknowledge(source: source, boot: boot, from: from, session: session, count: count), after: 300_000)
            return
        }
        if hosts[source].server.isSourceSideOn { release(source, upTo: count) }
    }

    mutating func loseConnection(_ host: Int) {
        guard hosts[host].server.connection != nil else { return }
        hosts[host].server.disconnect()
        needsAbilityCheck = true
        schedule(.connect(host: host, boot: hosts[host].server.boot), after: 300_000 + random.below(700_000))
    }

    mutating func drop(_ host: Int, _ session: UInt32) {
        guard hosts[host].server.session == session else { return }
        loseConnection(host)
    }
}

import TandemFailover

/// Starting and ending a server, and what changes its data.
extension World {
    mutating func bootServer(_ host: Int) {
        hosts[host].server.bootClosed(opensWithoutSemiSync: serverDefects.contains(.bootsOpen))
        if serverDefects.contains(.relayLogRecovery) {
            let logged = hosts[host].server.logged
            hosts[host].server.history.removeLast(hosts[host].server.history.count - logged)
            hosts[host].server.durable = logged
        }
        schedule(.booted(host: host, boot: hosts[host].server.boot), after: 500_000 + random.below(400_000))
    }

    mutating func finishBoot(_ host: Int, _ boot: UInt32) {
        guard hosts[host].server.boot == boot, hosts[host].server.process == .booting else { return }
        hosts[host].server.process = .up
        needsAbilityCheck = true
        if isTracing { note(host, "its server is up, closed") }
        if let agent = hosts[host].agent, agent.configuration.host.index == UInt8(host) {
            tell(host, hosts[host].incarnation, .tick(observe(host)))
        }
    }

    /// SIGKILL: sockets are reset, what is written stays.
    mutating func killServer(_ host: Int, by cause: String) {
        guard hosts[host].server.process != .down else { return }
        if isTracing { note(host, "its server is killed by \(cause)") }
        hosts[host].server.settle(at: time)
        stopServer(host)
        for other in hosts.indices where hosts[other].server.connection?.source == host {
            if isConnected(host, other) { loseConnection(other) }
        }
        if let agent = hosts[host].agent, agent.configuration.host.index == UInt8(host) {
            tell(host, hosts[host].incarnation, .tick(observe(host)))
        }
    }

    private mutating func stopServer(_ host: Int) {
        hosts[host].server.process = .down
        hosts[host].server.boot &+= 1
        hosts[host].server.frozenUntil = 0
        hosts[host].server.stopReceiver()
        hosts[host].server.isReceiverRefused = false
        hosts[host].server.isApplierOn = false
        hosts[host].server.heartbeats.removeAll(keepingCapacity: true)
        needsAbilityCheck = true
    }

    /// The power cord: peers notice by their time-outs only, and what was not on disk is gone.
    mutating func losePower(_ host: Int) {
        if hosts[host].server.process != .down {
            hosts[host].server.settle(at: time)
            stopServer(host)
            for other in hosts.indices where hosts[other].server.connection?.source == host {
                let session = hosts[other].server.session
                schedule(.drop(host: other, session: session), after: 1_000_000 + random.below(8_000_000))
            }
        }
        var count = max(hosts[host].server.logged, hosts[host].server.durable)
        if serverDefects.contains(.binaryLogUnsynced), hosts[host].server.source == nil {
            count = max(hosts[host].server.purged, hosts[host].server.logged - random.below(4))
        }
        truncate(host, to: count)
    }

    private mutating func truncate(_ host: Int, to count: Int) {
        let excess = hosts[host].server.history.count - count
        guard excess > 0 else { return }
        hosts[host].server.history.removeLast(excess)
        hosts[host].server.logged = min(hosts[host].server.logged, count)
        hosts[host].server.committed = min(hosts[host].server.committed, count)
        hosts[host].server.durable = min(hosts[host].server.durable, count)
    }

    func inventory(_ host: Int) -> Inventory {
        let server = hosts[host].server
        return Inventory(
            received: ledger.gtids(of: server.history), logged: ledger.gtids(of: server.history[..<server.logged]),
            committed: ledger.gtids(of: server.history[..<server.committed]))
    }

    private func isIn(_ set: GTIDSet, _ transaction: UInt32) -> Bool {
        let origin = ledger.origins[Int(transaction)]
        let sequence = UInt64(ledger.sequences[Int(transaction)])
        return set.intervals.contains { $0.source == origin && $0.first <= sequence && sequence <= $0.last }
    }

    mutating func export(_ host: Int, _ tail: GTIDSet) {
        for transaction in hosts[host].server.history where isIn(tail, transaction) {
            ledger.isExported[Int(transaction)] = true
        }
        measures.salvages += 1
    }

    /// Cut before the first of `tail`; what was only prepared rolls back at the next start.
    mutating func cut(_ host: Int, _ tail: GTIDSet) {
        let history = hosts[host].server.history
        guard let first = history.firstIndex(where: { isIn(tail, $0) }) else { return }
        guard first >= hosts[host].server.committed else {
            violate(.salvageLost, host, "cuts what its storage engine has committed")
            return
        }
        checkSalvage(host, from: first)
        truncate(host, to: first)
        measures.cuts += 1
        let origin = hosts[host].server.origin
        if serverDefects.contains(.keepsUUIDAfterCut) {
            let last = hosts[host].server.history.last { ledger.origins[Int($0)] == origin }
            hosts[host].server.sequence = last.map { ledger.sequences[Int($0)] } ?? 0
        } else {
            renewUUID(host)
        }
    }

    private mutating func renewUUID(_ host: Int) {
        nextOrigin += 1
        hosts[host].server.origin = nextOrigin
        hosts[host].server.sequence = 0
    }

    mutating func discardRelayLog(_ host: Int) {
        hosts[host].server.settle(at: time)
        let logged = hosts[host].server.logged
        guard logged < hosts[host].server.history.count else { return }
        checkSalvage(host, from: logged)
        truncate(host, to: logged)
    }

    /// A copy of another server, in place of this one's data; it is down afterwards.
    mutating func clone(_ host: Int, from source: Int) -> Bool {
        guard serverAnswers(source), isConnected(host, source), source != host else { return false }
        let theirs = hosts[source].server
        if hosts[host].server.process != .down { killServer(host, by: "the end of a clone") }
        let own = hosts[host].server.history
        let common = zip(own, theirs.history).prefix { $0.0 == $0.1 }.count
        checkSalvage(host, from: common)
        let count = theirs.committed
        hosts[host].server.history.removeAll(keepingCapacity: true)
        hosts[host].server.history.append(contentsOf: theirs.history[..<count])
        hosts[host].server.logged = count
        hosts[host].server.committed = count
        hosts[host].server.durable = count
        hosts[host].server.purged = count
        hosts[host].server.admitted = theirs.admitted
        hosts[host].server.source = nil
        hosts[host].server.attachedEpoch = 0
        hosts[host].server.isFresh = false
        renewUUID(host)
        measures.clones += 1
        return true
    }
}

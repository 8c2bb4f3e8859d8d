import TandemFailover

/// Starting and ending a server, and what changes its data.
extension World {
    mutating func bootServer(_ host: Int) {
        servers[host].bootClosed(opensWithoutSemiSync: serverDefects.contains(.bootsOpen))
        if serverDefects.contains(.relayLogRecovery) {
            let logged = servers[host].logged
            histories[host].removeLast(servers[host].held - logged)
            servers[host].held = logged
            servers[host].durable = logged
        }
        schedule(.booted(host: host, boot: servers[host].boot), after: 500_000 + random.below(400_000))
    }

    mutating func finishBoot(_ host: Int, _ boot: UInt32) {
        guard servers[host].boot == boot, servers[host].process == .booting else { return }
        servers[host].process = .up
        needsAbilityCheck = true
        if isTracing { note(host, "its server is up, closed") }
        if hosts[host].hasAgent {
            tell(host, hosts[host].incarnation, .tick(observe(host)))
        }
    }

    /// SIGKILL: sockets are reset, what is written stays.
    mutating func killServer(_ host: Int, by cause: String) {
        guard servers[host].process != .down else { return }
        if isTracing { note(host, "its server is killed by \(cause)") }
        servers[host].settle(at: time)
        stopServer(host)
        for other in hosts.indices where servers[other].connection?.source == host {
            if isConnected(host, other) { loseConnection(other) }
        }
        if hosts[host].hasAgent {
            tell(host, hosts[host].incarnation, .tick(observe(host)))
        }
    }

    private mutating func stopServer(_ host: Int) {
        servers[host].process = .down
        servers[host].boot &+= 1
        servers[host].frozenUntil = 0
        servers[host].crowdedUntil = 0
        servers[host].stopReceiver()
        servers[host].isReceiverRefused = false
        servers[host].isApplierOn = false
        heartbeats[host].removeAll(keepingCapacity: true)
        needsAbilityCheck = true
    }

    /// The power cord: peers notice by their time-outs only, and what was not on disk is gone.
    mutating func losePower(_ host: Int) {
        if servers[host].process != .down {
            servers[host].settle(at: time)
            stopServer(host)
            for other in hosts.indices where servers[other].connection?.source == host {
                let session = servers[other].session
                schedule(.drop(host: other, session: session), after: 1_000_000 + random.below(8_000_000))
            }
        }
        var count = max(servers[host].logged, servers[host].durable)
        if serverDefects.contains(.binaryLogUnsynced), servers[host].source == nil {
            count = max(servers[host].purged, servers[host].logged - random.below(4))
        }
        if let first = servers[host].undurableFrom, !servers[host].isTorn {
            servers[host].isTorn = true
            count = min(count, first + random.below(max(1, count - first + 1)))
        }
        truncate(host, to: count)
    }

    private mutating func truncate(_ host: Int, to count: Int) {
        let excess = servers[host].held - count
        guard excess > 0 else { return }
        histories[host].removeLast(excess)
        servers[host].held = count
        servers[host].logged = min(servers[host].logged, count)
        servers[host].committed = min(servers[host].committed, count)
        servers[host].durable = min(servers[host].durable, count)
    }

    func inventory(_ host: Int) -> Inventory {
        let server = servers[host]
        return Inventory(
            received: ledger.gtids(of: histories[host]), logged: ledger.gtids(of: histories[host][..<server.logged]),
            note: server.note)
    }

    private func isIn(_ set: GTIDSet, _ transaction: UInt32) -> Bool {
        let origin = ledger.origins[Int(transaction)]
        let sequence = UInt64(ledger.sequences[Int(transaction)])
        return set.intervals.contains { $0.source == origin && $0.first <= sequence && sequence <= $0.last }
    }

    mutating func export(_ host: Int, _ tail: GTIDSet) {
        for transaction in histories[host] where isIn(tail, transaction) {
            ledger.isExported[Int(transaction)] = true
        }
        measures.salvages += 1
    }

    /// Cut before the first of `tail`; what was only prepared rolls back at the next start.
    mutating func cut(_ host: Int, _ tail: GTIDSet) {
        let history = histories[host]
        guard let first = history.firstIndex(where: { isIn(tail, $0) }) else { return }
        guard first >= servers[host].committed else {
            violate(.salvageLost, host, "cuts what its storage engine has committed")
            return
        }
        checkSalvage(host, from: first)
        truncate(host, to: first)
        measures.cuts += 1
        let origin = servers[host].origin
        if serverDefects.contains(.keepsUUIDAfterCut) {
            let last = histories[host].last { ledger.origins[Int($0)] == origin }
            servers[host].sequence = last.map { ledger.sequences[Int($0)] } ?? 0
        } else {
            renewUUID(host)
        }
    }

    private mutating func renewUUID(_ host: Int) {
        nextOrigin += 1
        servers[host].origin = nextOrigin
        servers[host].sequence = 0
    }

    mutating func discardRelayLog(_ host: Int) {
        servers[host].settle(at: time)
        let logged = servers[host].logged
        guard logged < servers[host].held else { return }
        checkSalvage(host, from: logged)
        truncate(host, to: logged)
    }

    /// A copy of another server, in place of this one's data; it is down afterwards.
    mutating func clone(_ host: Int, from source: Int) -> Bool {
        guard serverAnswers(source), isConnected(host, source), source != host else { return false }
        let theirs = servers[source]
        if servers[host].process != .down { killServer(host, by: "the end of a clone") }
        let own = histories[host]
        let common = zip(own, histories[source]).prefix { $0.0 == $0.1 }.count
        checkSalvage(host, from: common)
        let count = theirs.committed
        histories[host].removeAll(keepingCapacity: true)
        histories[host].append(contentsOf: histories[source][..<count])
        servers[host].held = count
        servers[host].logged = count
        servers[host].committed = count
        servers[host].durable = count
        servers[host].purged = count
        servers[host].admitted = theirs.admitted
        servers[host].source = nil
        servers[host].attachedEpoch = 0
        servers[host].isFresh = false
        servers[host].note = nil
        servers[host].undurableFrom = nil
        servers[host].isTorn = false
        renewUUID(host)
        measures.clones += 1
        return true
    }
}

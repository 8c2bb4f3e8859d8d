import TandemFailover

extension World {
    private func diskTime(_ host: Int) -> Int { servers[host].diskSlowUntil > time ? 400_000 : 500 }

    /// A commit at `host`: into the binary log, on disk; then it waits for an acknowledgement, or not.
    mutating func commit(_ host: Int, isClient: Bool) {
        servers[host].settle(at: time)
        if servers[host].logged < servers[host].held {
            violate(.openedTooEarly, host, "commits before it has applied all that it received")
            return
        }
        if isClient, histories[host].isEmpty {
            violate(.openedTooEarly, host, "lets clients in before its database is prepared")
            return
        }
        servers[host].sequence += 1
        let transaction = ledger.add(
            origin: servers[host].origin, sequence: servers[host].sequence, isClient: isClient)
        histories[host].append(transaction)
        let count = histories[host].count
        servers[host].held = count
        servers[host].logged = count
        servers[host].durable = count
        servers[host].isFresh = false
        if !servers[host].isSourceSideOn { release(host, upTo: count) }
        for other in hosts.indices where servers[other].connection?.source == host { offer(to: other, from: host) }
    }

    /// Commits in the engine, and tells the clients.
    mutating func release(_ host: Int, upTo count: Int) {
        let first = servers[host].committed
        let last = min(count, servers[host].logged)
        guard last > first else { return }
        servers[host].committed = last
        for index in first..<last {
            let transaction = histories[host][index]
            guard ledger.isClients[Int(transaction)] else { continue }
            guard ledger.promise(transaction, at: index, of: histories[host]) else {
                violate(.lostWrite, host, "acknowledges a write without having those acknowledged before")
                return
            }
            measureAcknowledgement()
        }
        while let beat = heartbeats[host].first, beat.count <= last {
            heartbeats[host].removeFirst()
            // Its connection breaks between the commit and the answer; in half of the cases its agent is not told
            // either.
            if !isExploring, random.onceIn(500) {
                if random.onceIn(2) { failHeartbeat(host, beat.incarnation, beat.id) }
                continue
            }
            schedule(
                .toAgent(host: host, incarnation: beat.incarnation, .heartbeatCommitted(id: beat.id)),
                after: 200 + random.below(500))
        }
    }

    mutating func clientWrites() {
        schedule(.clientWrites, after: Int(writeInterval) / 2 + random.below(Int(writeInterval)))
        // Clients are not told whom to trust: they write to whatever server lets them.
        for host in hosts.indices {
            guard servers[host].access == .writing, serverAnswers(host) else { continue }
            commit(host, isClient: true)
        }
    }

    mutating func failHeartbeat(_ host: Int, _ incarnation: UInt32, _ id: UInt64) {
        schedule(
            .toAgent(host: host, incarnation: incarnation, .heartbeatFailed(id: id)), after: 200 + random.below(500))
    }

    mutating func writeHeartbeat(
        _ host: Int, _ incarnation: UInt32, _ boot: UInt32, _ id: UInt64, _ patience: Int
    ) {
        let thaw = serverThaws(host)
        guard servers[host].boot == boot, servers[host].isUp else {
            failHeartbeat(host, incarnation, id)
            return
        }
        guard thaw <= time else {
            queue.push(
                .heartbeat(host: host, incarnation: incarnation, boot: boot, id: id, patience: patience), at: thaw)
            return
        }
        let isCrowded = servers[host].crowdedUntil > time && random.onceIn(2)
        guard servers[host].access.allowsCommits, incarnation >= servers[host].sessionsFrom, !isCrowded else {
            failHeartbeat(host, incarnation, id)
            return
        }
        // An earlier one that waits, perhaps that of a killed session, keeps the row locked: error 1205 in the end.
        if !heartbeats[host].isEmpty {
            guard patience > 0, !isExploring else {
                failHeartbeat(host, incarnation, id)
                return
            }
            schedule(
                .heartbeat(
                    host: host, incarnation: incarnation, boot: boot, id: id, patience: patience - 100_000),
                after: 100_000)
            return
        }
        let count = servers[host].held + 1
        heartbeats[host].append(.init(count: count, id: id, incarnation: incarnation))
        commit(host, isClient: false)
    }

    private mutating func offer(to host: Int, from source: Int) {
        guard !servers[host].isDeliveryUnderWay else { return }
        servers[host].isDeliveryUnderWay = true
        let session = servers[host].session
        schedule(
            .deliver(host: host, session: session, attempts: 0),
            after: 200 + random.below(600) + diskTime(host) + diskTime(source))
    }

    mutating func connect(_ host: Int, _ boot: UInt32) {
        guard servers[host].boot == boot, servers[host].isUp, servers[host].isReceiverOn,
            servers[host].connection == nil, let source = servers[host].source
        else { return }
        guard serverAnswers(host), serverAnswers(source), isConnected(host, source),
            servers[source].admitted.contains(HostID(host))
        else {
            schedule(.connect(host: host, boot: boot), after: 700_000 + random.below(100_000))
            return
        }
        let own = servers[host].held
        if servers[source].purged > own {
            servers[host].isReceiverOn = false
            servers[host].isReceiverRefused = true
            if isTracing { note(host, "its receiver is refused: \(topology.name(source)) purged what it needs") }
            return
        }
        let theirs = histories[source]
        guard own <= theirs.count, own == 0 || theirs[own - 1] == histories[host][own - 1] else {
            // Left over from an earlier epoch, its agent gone: harmless, as it is compared before it counts again.
            if servers[host].attachedEpoch == store.record?.epoch {
                violate(.diverged, host, "follows \(topology.name(source)), though it holds what that one lacks")
            } else {
                schedule(.connect(host: host, boot: boot), after: 700_000)
            }
            return
        }
        if servers[host].isTorn {
            violate(.diverged, host, "follows with data that may be torn")
            return
        }
        let acknowledges = servers[host].isReplicaSideOn
        servers[host].session &+= 1
        servers[host].connection = .init(
            source: source, sourceBoot: servers[source].boot, acknowledges: acknowledges)
        servers[host].isDeliveryUnderWay = false
        servers[host].isFresh = false
        needsAbilityCheck = true
        if isTracing {
            note(host, "its receiver connects to \(topology.name(source))\(acknowledges ? ", acknowledging" : "")")
        }
        offer(to: host, from: source)
    }

    mutating func deliver(_ host: Int, _ session: UInt32, _ attempts: Int) {
        guard servers[host].session == session, let connection = servers[host].connection else { return }
        let source = connection.source
        guard servers[source].isUp, servers[source].boot == connection.sourceBoot else {
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
        servers[host].isDeliveryUnderWay = false
        servers[host].settle(at: time)
        let own = servers[host].held
        let count = servers[source].logged
        if count > own {
            histories[host].append(contentsOf: histories[source][own..<count])
            servers[host].held = count
            if servers[host].logged == own {
                let isSlow = servers[host].applierSlowUntil > time
                let delay = isSlow ? 2_000_000 : 1_000 + random.below(20_000)
                servers[host].applierReadyAt = isExploring ? .max : time + Int64(delay)
            }
            servers[host].receivedCount += UInt64(count - own)
            // The disk has what follows what it has: a sync does not reach back into an earlier relay log.
            if servers[host].syncsRelayLog, servers[host].durable >= own || servers[host].logged >= own,
                !serverDefects.contains(.relayLogUnsynced)
            {
                servers[host].durable = count
            }
        }
        guard connection.acknowledges else { return }
        schedule(
            .acknowledge(
                source: source, boot: connection.sourceBoot, from: host, session: session, count: count),
            after: 200 + random.below(600))
    }

    mutating func acknowledge(_ source: Int, _ boot: UInt32, _ from: Int, _ session: UInt32, _ count: Int) {
        guard servers[source].boot == boot, servers[source].isUp else { return }
        let thaw = serverThaws(source)
        guard thaw <= time else {
            queue.push(.acknowledge(source: source, boot: boot, from: from, session: session, count: count), at: thaw)
            return
        }
        guard reaches(from, source) else {
            // Sent again by TCP, as long as the connection stands.
            guard servers[from].session == session else { return }
            schedule(
                .acknowledge(source: source, boot: boot, from: from, session: session, count: count), after: 300_000)
            return
        }
        if servers[source].isSourceSideOn { release(source, upTo: count) }
    }

    mutating func loseConnection(_ host: Int) {
        guard servers[host].connection != nil else { return }
        servers[host].disconnect()
        needsAbilityCheck = true
        schedule(.connect(host: host, boot: servers[host].boot), after: 300_000 + random.below(700_000))
    }

    mutating func drop(_ host: Int, _ session: UInt32) {
        guard servers[host].session == session else { return }
        loseConnection(host)
    }
}

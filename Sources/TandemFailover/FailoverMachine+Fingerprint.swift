/// Tells states apart that behave differently, and only those: request numbers and revisions count by their order
/// alone, times by whether they are past. Walked twice: once to collect the numbers, once to hash.
package struct Fingerprint: Sendable {
    private var ids: [[UInt64]]
    private var revisions: [UInt64] = []
    private var isCollecting = true
    package var hasher = Hasher()

    package init(hosts: Int) { ids = Array(repeating: [], count: hosts) }

    package mutating func startHashing() {
        for host in ids.indices { ids[host].sort() }
        revisions.sort()
        isCollecting = false
    }

    private static func rank(_ number: UInt64, in sorted: [UInt64]) -> Int {
        var rank = 0
        var last: UInt64?
        for other in sorted {
            if other >= number { break }
            if other != last { rank += 1 }
            last = other
        }
        return rank
    }

    package mutating func id(_ id: UInt64, of host: Int) {
        if isCollecting { ids[host].append(id) } else { hasher.combine(Self.rank(id, in: ids[host])) }
    }

    package mutating func revision(_ revision: UInt64) {
        if isCollecting { revisions.append(revision) } else { hasher.combine(Self.rank(revision, in: revisions)) }
    }

    package mutating func value(_ value: some Hashable) {
        if !isCollecting { hasher.combine(value) }
    }

    package mutating func transaction(_ transaction: StateTransaction) {
        var plain = transaction
        plain.expectedRevision = 0
        value(plain)
        revision(transaction.expectedRevision)
    }

    package mutating func status(_ status: PeerStatus) {
        var plain = status
        plain.stateRevision = 0
        value(plain)
        revision(status.stateRevision)
    }

    package mutating func snapshot(_ snapshot: StoreSnapshot) {
        var plain = snapshot
        plain.stateRevision = 0
        value(plain)
        revision(snapshot.stateRevision)
    }
}

extension FailoverMachine {
    package func add(to print: inout Fingerprint, boot: UInt32) {
        let host = Int(me.index)
        addStore(to: &print, host)
        var seen = server.seen
        seen?.bootCount = 0
        seen?.receivedCount = 0
        seen?.order = 0
        print.value(seen)
        print.value(server.seen?.bootCount == boot)
        print.value(server.hasArrived)
        print.value(server.endedOldSessions)
        for time in [
            server.answeredAt, server.arrivedAt, startedAt, heartbeats.provenAt, broadcasts.sentAt,
            pairing.namedAt,
        ] {
            print.value(time == now)
        }
        addOptional(server.command?.id, server.command?.since, to: &print)
        print.value(server.command?.command)
        for peer in peers {
            print.status(peer.status)
            print.value(peer.heardAt.map { $0 == now })
        }
        addOptional(heartbeats.outstanding?.id, heartbeats.outstanding?.sentAt, to: &print)
        print.value(heartbeats.beganAt.map { $0 == now })
        print.id(heartbeats.provenID, of: host)
        print.id(heartbeats.lastIDBeforeChange, of: host)
        print.value(server.closeNeedsKill)
        print.value(server.endedAt.map { $0 == now })
        print.value(server.endedUnheard)
        print.value(server.abandonedBoot != nil)
        for question in questions {
            print.value(question.from)
            print.id(question.question, of: Int(question.from.index))
            print.id(question.arrivedAfter, of: host)
        }
        print.revision(pairing.namedRevision)
        print.value(pairing.willNotAcknowledge)
        print.value(now >= pairing.backoffUntil)
        print.value(pairing.catchUps)
        addRejoin(to: &print, host)
        print.value(seal?.reason)
        print.value(switchover?.phase)
        print.value(switchover?.origin == .hold)
        print.value(heldSince.map { now - $0 > timing.holdPatience })
        print.value(heartbeats.unacknowledgedSince.map { $0 == now })
        print.value(heartbeats.notBefore.map { now >= $0 })
        print.value(remoteClosing.isDone)
        print.value(remoteClosing.failedAt.map { $0 == now })
    }

    private func addOptional(_ id: UInt64?, _ time: Milliseconds?, to print: inout Fingerprint) {
        print.value(time.map { $0 == now })
        if let id { print.id(id, of: Int(me.index)) }
    }

    private func addStore(to print: inout Fingerprint, _ host: Int) {
        print.value(store.hasRead)
        print.value(store.record)
        print.revision(store.revision)
        print.revision(store.firstRevision)
        print.value(store.leaderIsMine)
        print.value(store.leaderIsPrimary)
        print.value(store.isSureOnce)
        print.value(store.sureAt == now)
        print.value(store.readAt.map { $0 == now })
        print.value(store.refreshedAt.map { $0 == now })
        print.value(store.staleSince == nil)
        print.value(store.mayHavePaired)
        if let stale = store.staleSince { print.id(stale, of: host) }
        addOptional(store.refresh?.id, store.refresh?.sentAt, to: &print)
        addOptional(store.write?.id, store.write?.sentAt, to: &print)
        if let write = store.write {
            print.transaction(write.transaction)
            print.id(write.firstID, of: host)
            print.value(write.isAnswered)
        }
    }

    private func addRejoin(to print: inout Fingerprint, _ host: Int) {
        print.value(rejoin.comparedEpoch)
        print.value(rejoin.epoch)
        print.value(rejoin.bootCount == server.seen?.bootCount)
        print.value(rejoin.wasRefused)
        print.value(rejoin.inventory)
        addOptional(rejoin.question?.id, rejoin.question?.sentAt, to: &print)
        print.value(rejoin.primary)
        print.value(rejoin.hasExported)
    }

    /// The numbers of what this agent still waits for.
    package var awaitedRefresh: UInt64? { store.refresh?.id }
    package var awaitedCommand: UInt64? { server.command?.id }
    package var awaitedWrites: ClosedRange<UInt64>? { store.write.map { $0.firstID...$0.id } }
    package var awaitedHeartbeat: UInt64? { heartbeats.outstanding?.id }
    package var awaitedQuestion: UInt64? { rejoin.question?.id }
}

/// What is known of etcd.
struct StoreKnowledge: Hashable, Sendable {
    /// Something was read since this agent started.
    var hasRead = false
    var record: StateRecord?
    var revision: UInt64 = 0
    /// The revision that this agent read first. What earlier agents of this host may still have under way compares this
    /// revision or an older one.
    var firstRevision: UInt64 = 0
    var leaderIsMine = false
    var leaderIsPrimary = false
    var intent: SwitchoverIntent?
    var intentSeenAt: Milliseconds = 0
    var isPaused = false
    /// `init`, as read or written.
    var cluster: ClusterID?
    /// The last read was of another stack's keys.
    var isForeign = false
    /// The last read could not be understood.
    var isUnreadable = false
    /// The last read found no `state`, though there has been one.
    var isStateMissing = false
    /// Nothing may be started on what is known until a read that was sent after this number.
    var staleSince: UInt64?
    /// Of a transaction that names a partner, a repeated copy was refused: perhaps because an earlier one took place.
    /// Until the next read.
    var mayHavePaired = false
    /// When the last answered refresh was sent.
    var readAt: Milliseconds?
    /// When the last refresh was sent that found `leader` to be this host at this epoch, its lease renewed.
    var sureAt: Milliseconds
    var isSureOnce = false
    var refresh: Outstanding?
    var refreshedAt: Milliseconds?
    var write: PendingWrite?

    init() { sureAt = 0 }

    struct Outstanding: Hashable, Sendable {
        var id: UInt64
        var sentAt: Milliseconds
    }

    /// A transaction that is repeated until a definite answer. "Unknown" followed by a read that shows nothing changed
    /// proves nothing: the first copy may still be on its way. Only a moved revision makes it harmless.
    struct PendingWrite: Hashable, Sendable {
        var transaction: StateTransaction
        var firstID: UInt64
        var id: UInt64
        var sentAt: Milliseconds
        var isAnswered = false
    }
}

extension FailoverMachine {
    /// Sure of `leader`: the lease was renewed *and* a linearizable read found it to be this host's, counted from when
    /// the renewal was sent.
    var isSure: Bool { store.isSureOnce && store.leaderIsMine && now - store.sureAt < timing.leaseTime }

    var hasStore: Bool { store.readAt.map { now - $0 < 2 * timing.storePatience } ?? false }

    /// The record may be built upon: nothing of one's own is undecided, and nothing says that it is out of date.
    var mayWrite: Bool { store.write == nil && store.staleSince == nil && hasStore }

    mutating func talkToStore(_ out: inout [Action]) {
        if let refresh = store.refresh, now - refresh.sentAt > timing.storePatience { store.refresh = nil }
        let isDue = store.refreshedAt.map { now - $0 >= timing.refreshInterval } ?? true
        if store.refresh == nil, isDue || store.staleSince != nil {
            let id = nextID()
            store.refresh = .init(id: id, sentAt: now)
            store.refreshedAt = now
            out.append(.store(id: id, .refresh))
        }
        guard var write = store.write else { return }
        let age = now - write.sentAt
        guard age > timing.storePatience || (write.isAnswered && age > timing.storePatience / 4) else { return }
        if !rules.staysSealedWhileUnknown, write.transaction.purpose == .promote {
            store.write = nil
            seal = nil
            return
        }
        write.id = nextID()
        write.sentAt = now
        write.isAnswered = false
        store.write = write
        out.append(.store(id: write.id, .write(write.transaction)))
    }

    mutating func write(
        _ purpose: StateTransaction.Purpose, _ record: StateRecord, endsIntent: UInt64? = nil,
        cause: HistoryRecord.Cause? = nil, _ out: inout [Action]
    ) {
        let takesLeader = purpose == .claim || cause != nil
        let history = cause.map {
            HistoryRecord(epoch: record.epoch, primary: record.primary, previous: store.record?.primary, cause: $0)
        }
        let transaction = StateTransaction(
            purpose: purpose, expectedRevision: store.revision, record: record, takesLeader: takesLeader,
            endsIntent: endsIntent, history: history, founds: purpose == .found ? configuration.newCluster : nil)
        let id = nextID()
        store.write = .init(transaction: transaction, firstID: id, id: id, sentAt: now)
        out.append(.store(id: id, .write(transaction)))
    }

    mutating func absorb(_ answer: StoreAnswer, to id: UInt64) {
        if case .read(let snapshot) = answer {
            absorb(snapshot, to: id)
            return
        }
        if answer == .unreadable, store.refresh?.id == id { store.isUnreadable = true }
        guard let write = store.write, id >= write.firstID, id <= write.id else {
            if store.refresh?.id == id { store.refresh = nil }
            return
        }
        switch answer {
        case .written(let revision):
            store.write = nil
            // Where a copy sent earlier was the one that took, others may have written since: read before going on.
            if write.firstID != write.id { store.staleSince = lastID }
            guard revision > store.revision else { return }
            adopt(write.transaction.record, revision)
            if write.transaction.takesLeader {
                store.leaderIsMine = true
                store.isSureOnce = true
                store.sureAt = write.sentAt
            }
            if let ended = write.transaction.endsIntent, store.intent?.id == ended { store.intent = nil }
            if let founded = write.transaction.founds { store.cluster = founded }
        case .refused:
            // Perhaps an earlier copy took place; in any case no copy will from now on.
            store.write = nil
            store.staleSince = lastID
            store.mayHavePaired = write.transaction.record.partner != nil
            if write.transaction.purpose == .promote || write.transaction.purpose == .force {
                // Somebody is alive: the seal is lifted, and evidence against the primary gathered anew.
                seal = nil
                server.arrivedAt = now
            }
        case .unknown:
            guard id == write.id else { return }
            store.write?.isAnswered = true
            // Perhaps the lease is lost: it is renewed before the same is asked again.
            store.refreshedAt = nil
        case .read, .unreadable: break
        }
    }

    private mutating func absorb(_ snapshot: StoreSnapshot, to id: UInt64) {
        guard let refresh = store.refresh, refresh.id == id else { return }
        store.refresh = nil
        store.isForeign = isForeign(snapshot)
        store.isUnreadable = false
        // As if nothing had been read: neither followed nor written to.
        guard !store.isForeign else { return }
        if let cluster = snapshot.cluster { store.cluster = cluster }
        store.readAt = refresh.sentAt
        if let staleSince = store.staleSince, id > staleSince {
            store.staleSince = nil
            store.mayHavePaired = false
        }
        store.isStateMissing = snapshot.state == nil && store.record != nil
        guard snapshot.stateRevision >= store.revision else { return }
        if !store.hasRead {
            store.hasRead = true
            store.firstRevision = snapshot.stateRevision
        }
        let ignoresState = !rules.readsLeader && store.leaderIsMine
        if let write = store.write {
            let isDead = snapshot.stateRevision > write.transaction.expectedRevision
            let isTakenForDead =
                !rules.repeatsUnknownWrites && id > write.id && now - write.sentAt > timing.storePatience / 2
            if isDead || isTakenForDead { store.write = nil }
        }
        if store.intent?.id != snapshot.intent?.id { store.intentSeenAt = now }
        store.intent = snapshot.intent
        store.isPaused = snapshot.isPaused
        if let record = snapshot.state, !ignoresState { adopt(record, snapshot.stateRevision) }
        guard let record = store.record else { return }
        store.leaderIsMine = ignoresState || snapshot.leader == LeaderRecord(host: me, epoch: record.epoch)
        store.leaderIsPrimary = snapshot.leader == LeaderRecord(host: record.primary, epoch: record.epoch)
        if store.leaderIsMine {
            store.sureAt = max(store.sureAt, refresh.sentAt)
            store.isSureOnce = true
        }
    }

    /// A new record: what belonged to the old one goes.
    private mutating func adopt(_ record: StateRecord, _ revision: UInt64) {
        let previous = store.record
        store.record = record
        store.revision = revision
        broadcasts.hasNews = broadcasts.hasNews || previous != record
        guard previous != record else { return }
        if previous?.acknowledger != record.acknowledger || previous?.epoch != record.epoch {
            pairing.name(at: revision, now: now)
            heartbeats.lastIDBeforeChange = lastID
        }
        if record.partner != me, store.write == nil { seal = nil }
        if previous?.epoch != record.epoch {
            store.leaderIsMine = false
            store.leaderIsPrimary = false
            store.isSureOnce = false
            switchover = nil
            remoteClosing = RemoteClosing()
        }
    }
}

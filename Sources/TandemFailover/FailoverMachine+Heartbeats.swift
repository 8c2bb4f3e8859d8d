/// The heartbeat row: a primary commits it several times a second, which proves that commits are acknowledged.
struct Heartbeats: Hashable, Sendable {
    var outstanding: StoreKnowledge.Outstanding?
    var beganAt: Milliseconds?
    /// After one that failed, the next waits its time, also where a proof is urgent.
    var notBefore: Milliseconds?
    /// When the first heartbeat began that none has committed after. A failed one only counts where a commit was seen
    /// to wait.
    var unacknowledgedSince: Milliseconds?
    /// When the newest acknowledged heartbeat began.
    var provenAt: Milliseconds = 0
    /// The newest acknowledged heartbeat.
    var provenID: UInt64 = 0
    /// Heartbeats numbered higher began under the present conditions (boot, source side, who may acknowledge).
    var lastIDBeforeChange: UInt64 = 0
}

/// Another host asked for this primary's inventory.
struct InventoryQuestion: Hashable, Sendable {
    var from: HostID
    var question: UInt64
    /// Heartbeats numbered higher began after the question arrived.
    var arrivedAfter: UInt64
}

extension FailoverMachine {
    /// A heartbeat that began under the present conditions has committed: with the source side on, this proves that the
    /// one host that may acknowledge has everything before it on disk.
    var isProven: Bool { heartbeats.provenID > heartbeats.lastIDBeforeChange }

    var unacknowledgedFor: Milliseconds { heartbeats.unacknowledgedSince.map { now - $0 } ?? 0 }

    mutating func sendHeartbeat(urgently: Bool = false, _ out: inout [Action]) {
        guard let seen = server.seen, seen.life == .up, seen.access.allowsCommits, seen.isPrepared else { return }
        forgetLostHeartbeat(seen)
        guard heartbeats.outstanding == nil, now >= heartbeats.notBefore ?? now else { return }
        let isDue = heartbeats.beganAt.map { now - $0 >= timing.heartbeatInterval } ?? true
        guard isDue || urgently || !questions.isEmpty else { return }
        let id = nextID()
        heartbeats.outstanding = .init(id: id, sentAt: now)
        heartbeats.beganAt = now
        heartbeats.unacknowledgedSince = heartbeats.unacknowledgedSince ?? now
        out.append(.heartbeat(id: id))
    }

    /// A row that need not wait for anybody and still is not back was lost with its connection. It would keep every
    /// partner from being proven.
    private mutating func forgetLostHeartbeat(_ seen: ServerObservation) {
        guard let lost = heartbeats.outstanding, now - lost.sentAt > timing.commandPatience, !seen.isSourceSideOn,
            rules.forgetsLostHeartbeats
        else { return }
        heartbeats.outstanding = nil
        heartbeats.unacknowledgedSince = nil
    }

    mutating func absorbHeartbeat(_ id: UInt64, _ out: inout [Action]) {
        guard let sent = heartbeats.outstanding, sent.id == id else { return }
        heartbeats.outstanding = nil
        heartbeats.unacknowledgedSince = nil
        heartbeats.provenID = id
        heartbeats.provenAt = sent.sentAt
        guard let record = store.record, record.primary == me, !questions.isEmpty else { return }
        for question in questions where question.arrivedAfter < id {
            out.append(.answer(question.from, question: question.question, epoch: record.epoch))
        }
        questions.removeAll { $0.arrivedAfter < id }
    }

    /// It proves nothing. Whether the partner is to blame is told by commits that wait: the row may have been locked by
    /// an earlier heartbeat that waits, or the server took no more connections.
    mutating func absorbFailedHeartbeat(_ id: UInt64, _ out: inout [Action]) {
        guard rules.needsCommittedHeartbeat else {
            absorbHeartbeat(id, &out)
            return
        }
        guard heartbeats.outstanding?.id == id else { return }
        heartbeats.outstanding = nil
        heartbeats.notBefore = now + timing.heartbeatInterval / 2
        if server.seen?.hasWaitingCommits != true { heartbeats.unacknowledgedSince = nil }
    }

    /// Answered after the next heartbeat: what a host received before it asked is then either committed here, or was
    /// not this epoch's. Read at once, a commit that waits for its acknowledgement would look like one too many.
    mutating func absorbQuestion(_ question: UInt64, from host: HostID) {
        guard store.record?.primary == me else { return }
        questions.removeAll { $0.from == host }
        guard questions.count < HostID.bound else { return }
        questions.append(.init(from: host, question: question, arrivedAfter: lastID))
    }
}

/// The heartbeat row, and what is told to peers.
struct Heartbeats: Hashable, Sendable {
    var outstanding: StoreKnowledge.Outstanding?
    var beganAt: Milliseconds?
    /// When the newest acknowledged heartbeat began.
    var provenAt: Milliseconds = 0
    /// The newest acknowledged heartbeat.
    var provenID: UInt64 = 0
    /// Heartbeats numbered higher began under the present conditions (boot, source side, who may acknowledge).
    var lastIDBeforeChange: UInt64 = 0
    var questions: [Question] = []
    var broadcastAt: Milliseconds = -1_000_000
    var hasNews = false

    struct Question: Hashable, Sendable {
        var from: HostID
        var question: UInt64
        /// Heartbeats numbered higher began after the question arrived.
        var arrivedAfter: UInt64
    }

    static let questionBound = HostID.bound
}

extension FailoverMachine {
    /// A heartbeat that began under the present conditions has committed: with the source side on, this proves that the
    /// one host that may acknowledge has everything before it on disk.
    var isProven: Bool { heartbeats.provenID > heartbeats.lastIDBeforeChange }

    var unacknowledgedFor: Milliseconds { heartbeats.outstanding.map { now - $0.sentAt } ?? 0 }

    mutating func sendHeartbeat(urgently: Bool = false, _ out: inout [Action]) {
        guard let seen = server.seen, seen.life == .up, seen.access.allowsCommits else { return }
        forgetLostHeartbeat(seen)
        guard heartbeats.outstanding == nil else { return }
        let isDue = heartbeats.beganAt.map { now - $0 >= timing.heartbeatInterval } ?? true
        guard isDue || urgently || !heartbeats.questions.isEmpty else { return }
        let id = nextID()
        heartbeats.outstanding = .init(id: id, sentAt: now)
        heartbeats.beganAt = now
        out.append(.heartbeat(id: id))
    }

    /// A row that need not wait for anybody and still is not back was lost with its connection. It would keep every partner
    /// from being proven.
    private mutating func forgetLostHeartbeat(_ seen: ServerObservation) {
        guard unacknowledgedFor > timing.commandPatience, !seen.isSourceSideOn, rules.forgetsLostHeartbeats else {
            return
        }
        heartbeats.outstanding = nil
    }

    mutating func absorbHeartbeat(_ id: UInt64, _ out: inout [Action]) {
        guard let beat = heartbeats.outstanding, beat.id == id else { return }
        heartbeats.outstanding = nil
        heartbeats.provenID = id
        heartbeats.provenAt = beat.sentAt
        guard let record = store.record, record.primary == me, !heartbeats.questions.isEmpty else { return }
        for question in heartbeats.questions where question.arrivedAfter < id {
            out.append(.answer(question.from, question: question.question, epoch: record.epoch))
        }
        heartbeats.questions.removeAll { $0.arrivedAfter < id }
    }

    /// Answered after the next heartbeat: what a host received before it asked is then either committed here, or was
    /// not this epoch's. Read at once, a commit that waits for its acknowledgement would look errant.
    mutating func absorbQuestion(_ question: UInt64, from host: HostID) {
        guard store.record?.primary == me else { return }
        heartbeats.questions.removeAll { $0.from == host }
        guard heartbeats.questions.count < Heartbeats.questionBound else { return }
        heartbeats.questions.append(.init(from: host, question: question, arrivedAfter: lastID))
    }

    mutating func broadcast(_ out: inout [Action]) {
        heartbeats.hasNews = false
        heartbeats.broadcastAt = now
        out.append(.broadcast(status))
    }

    /// Nothing acknowledges, and nothing that is under way will: neither a statement that switches the replica side on,
    /// nor one of an earlier agent.
    private func willNotAcknowledge(_ seen: ServerObservation) -> Bool {
        guard server.endedOldSessions, server.command?.command != .setReplicaSide(true) else { return false }
        return !seen.isReplicaSideOn && !seen.receiverAcknowledges
    }

    public var status: PeerStatus {
        var status = PeerStatus(
            epoch: store.record?.epoch ?? 0, stateRevision: store.revision, holdsData: holdsData, hears: heardHosts)
        guard let seen = server.seen else { return status }
        status.isFresh = seen.isFresh
        status.serverAnswers = seen.life == .up
        guard let record = store.record, seen.life == .up else { return status }
        let leads = record.primary == me
        status.takesCommits = leads && seen.access.allowsCommits
        let follows = !leads && seen.source == record.primary && seen.attachedEpoch == record.epoch
        status.followsClosely = follows && seen.receiver == .connected && seen.isCloseBehind
        status.acknowledges = follows && seen.receiver == .connected && seen.receiverAcknowledges
        status.willNotAcknowledge = record.acknowledger != me && willNotAcknowledge(seen)
        if let switchover, leads, switchover.isDrained { status.drainedForIntent = switchover.id }
        return status
    }
}

/// The partner has stopped, or is stopping, to acknowledge, in order to take over.
struct Seal: Hashable, Sendable {
    var reason: TakeoverReason
    var since: Milliseconds
}

/// Why a partner takes over.
public enum TakeoverReason: String, Hashable, Sendable {
    /// The primary closed and drained for a switchover.
    case switchover
    /// The primary's own agent says that its server is gone.
    case serverDown = "server_down"
    /// Neither this host nor any third one hears the primary.
    case primaryUnheard = "primary_unheard"
    /// Its lease ran out, and nothing arrives from it.
    case leaseLost = "lease_lost"
    /// Its agent is gone; its server was closed over SQL.
    case agentGone = "agent_gone"
    /// Nothing arrived for long, and it did not go on alone.
    case nothingReceived = "nothing_received"
}

struct RemoteClosing: Hashable, Sendable {
    var isDone = false
    var failedAt: Milliseconds?
}

extension FailoverMachine {
    /// Whether the partner should take over now. A wrong answer costs a needless failover, never a write.
    func suspicion(_ record: StateRecord) -> TakeoverReason? {
        guard !store.isPaused, hasStore else { return nil }
        let status = freshStatus(of: record.primary)
        let isCurrent = status?.epoch == record.epoch
        if let status, isCurrent, status.handsOver { return .switchover }
        // After an outage of everything the primary goes first.
        guard server.hasArrived || now - startedAt > timing.startGrace else { return nil }
        let quiet = now - max(server.arrivedAt, startedAt)
        let answers = server.seen?.sourceAnswers ?? false
        if let status, isCurrent, !status.serverAnswers, !answers { return .serverDown }
        if status == nil, remoteClosing.isDone { return .agentGone }
        if status == nil, quiet > timing.hearingPatience {
            let third = thirdParties(on: record.primary, except: me)
            if !answers, third.areHeard, !third.hearIt { return .primaryUnheard }
        }
        if quiet > timing.heartbeatPatience, !store.leaderIsPrimary, !answers || status != nil { return .leaseLost }
        if quiet > timing.lastResort, !answers || status != nil { return .nothingReceived }
        return nil
    }

    /// The primary's agent is gone and its server answers: close it first, so that the change is a clean one.
    mutating func closePrimaryRemotely(_ record: StateRecord, _ out: inout [Action]) -> Bool {
        guard !store.isPaused, hasStore, !isHeld, !hears(record.primary), server.seen?.sourceAnswers == true else {
            remoteClosing.isDone = false
            return false
        }
        // Where a third host hears it, only the way from here is broken.
        guard !thirdParties(on: record.primary, except: me).hearIt else { return false }
        let heardAt = peers[Int(record.primary.index)].heardAt ?? startedAt
        guard !remoteClosing.isDone, now - max(heardAt, startedAt) > timing.agentPatience else { return false }
        if let failedAt = remoteClosing.failedAt, now - failedAt < timing.growBackoff { return false }
        issue(.closeRemotely(record.primary), &out)
        return true
    }

    /// Seal, then one transaction. True while this host must not receive.
    mutating func takeOver(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) -> Bool {
        let isUndecided = store.write?.transaction.purpose == .promote
        if !isUndecided {
            let reason = isHeld ? nil : suspicion(record)
            if let reason, seal == nil { seal = Seal(reason: reason, since: now) }
            if reason == nil { seal = nil }
        }
        guard seal != nil || isUndecided else { return false }
        // SERVICE_STATE OFF, seen: from here on the primary gets no acknowledgement.
        if seen.receiver != .off, rules.sealsBeforePromoting {
            issue(.stopReceiver, &out)
            return true
        }
        guard let seal, !isUndecided, mayWrite else { return true }
        let next = StateRecord(epoch: record.epoch + 1, primary: me, standing: .alone)
        write(
            .promote, next, endsIntent: store.intent.flatMap { $0.to == me ? $0.id : nil },
            cause: .takenOver(seal.reason), &out)
        return true
    }
}

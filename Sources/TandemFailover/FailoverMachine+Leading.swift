extension FailoverMachine {
    /// The primary's part in etcd; goes on while a statement is under way.
    mutating func leadInStore(_ record: StateRecord, _ out: inout [Action]) {
        guard let seen = server.seen, !hasLostItsData else { return }
        sendHeartbeat(urgently: needsProof(record, seen), &out)
        guard mayWrite else { return }
        if !store.leaderIsMine || (store.revision == store.firstRevision && rules.claimsFirst) {
            // Also moves the revision, so that nothing that an earlier agent of this host sent can take place any more.
            write(.claim, record, &out)
            return
        }
        if planSwitchover(record, seen, &out) { return }
        switch record.standing {
        case .alone: propose(record, seen, &out)
        case .joining(let candidate): completePairing(candidate, record, seen, &out)
        case .paired(let partner): shrinkIfAlone(partner, record, seen, &out)
        }
    }

    /// This host's server may commit without an acknowledgement: it is the recorded owner, nobody can be promoted,
    /// and no transaction that would change that is under way, be it of this agent or of an earlier one of this host.
    private func mayAcknowledgeAlone(_ record: StateRecord) -> Bool {
        guard record.primary == me, record.partner == nil, store.staleSince == nil else { return false }
        guard store.write?.transaction.record.partner == nil else { return false }
        return hasClaimed
    }

    /// The revision moved since this agent's first read: what was decided on an older one, be it a transaction of an
    /// earlier agent or an operator's confirmation that this server does not run, is void.
    private var hasClaimed: Bool { store.revision > store.firstRevision || !rules.claimsFirst }

    /// The primary's server.
    mutating func leadServer(_ record: StateRecord, _ out: inout [Action]) {
        guard let seen = server.seen else { return }
        if hasLostItsData {
            // Its partner takes over once it says that no server is here.
            if seen.life != .down { issue(.killServer, &out) }
            return
        }
        guard seen.life == .up else {
            if seen.life != .crowded { server.closeNeedsKill = false }
            if seen.life == .down, !isHeld, !leavesToPartner(record), !isCutOff(record) { issue(.startServer, &out) }
            return
        }
        if givesUpFullDisk(record, seen) {
            issue(.killServer, &out)
            return
        }
        noteDrained(seen)
        let step = PrimaryStep(record: record, seen: seen, situation: situation(record, seen))
        if let command = step.next() { issue(command, &out) }
    }

    /// On a full disk commits wait for room, and whoever waits for the partner's acknowledgement waits in vain. Where
    /// the partner can take over, the server is ended for it.
    private func givesUpFullDisk(_ record: StateRecord, _ seen: ServerObservation) -> Bool {
        guard seen.isDiskFull, canTakeOver(record), heartbeats.provenID > 0 else { return false }
        return now - heartbeats.provenAt > timing.shrinkPatience
    }

    /// The partner is heard, and nothing keeps it from taking over.
    func canTakeOver(_ record: StateRecord) -> Bool {
        guard let partner = record.partner, let status = freshStatus(of: partner) else { return false }
        return status.serverAnswers && !status.isHeld && !store.isPaused
    }

    /// For a moment a server that ended stays down where its partner can take over: its start would commit what waits
    /// in its binary log, which can be cut only before that. Otherwise each crash under load would end in a clone of
    /// the data.
    private func leavesToPartner(_ record: StateRecord) -> Bool {
        guard canTakeOver(record), heartbeats.provenID > 0 else { return false }
        // Of a full disk nothing better is to be had.
        return now - heartbeats.provenAt < timing.hearingPatience || server.seen?.isDiskFull == true
    }

    /// A primary that hears nobody of several hosts is the one that was cut off, and its partner takes over meanwhile:
    /// its ended server stays down, for the same reason, until etcd says who leads. Not for ever: the others may be
    /// gone, and a server that is up answers reads.
    private mutating func isCutOff(_ record: StateRecord) -> Bool {
        guard let endedAt = server.endedAt, record.partner != nil, !hasStore, configuration.members.count > 2 else {
            return false
        }
        if heardHosts.count == 1 { server.endedUnheard = true }
        return server.endedUnheard && now - endedAt < timing.cutOffPatience
    }

    private func situation(_ record: StateRecord, _ seen: ServerObservation) -> PrimarySituation {
        var situation = PrimarySituation(
            mustFence: mustFence(record, seen), isHandingOver: switchover?.isClosing ?? false,
            mustStop: mustStop(record), closeNeedsKill: server.closeNeedsKill,
            isSure: isSure && store.staleSince == nil, hasClaimed: hasClaimed,
            mayAcknowledgeAlone: mayAcknowledgeAlone(record), isProven: isProven, admissible: admissible(record),
            isUnacknowledged: unacknowledgedFor > timing.shrinkPatience, rules: rules)
        if case .joining(let candidate) = record.standing {
            situation.isCandidateReady = isReady(candidate, record)
            situation.isCandidateHopeless = isHopeless(candidate, record, seen)
        }
        return situation
    }

    /// In a pair, when neither sure of `leader` nor acknowledged. Alone, never: nobody else can be promoted.
    private func mustFence(_ record: StateRecord, _ seen: ServerObservation) -> Bool {
        guard mayBePaired || !rules.staysOpenAlone, seen.access.allowsCommits, !isSure else { return false }
        let provenAt = !rules.staysOpenAlone && !mayBePaired ? startedAt : heartbeats.provenAt
        return now - max(store.sureAt, provenAt) > timing.fencePatience
    }

    /// Whom the primary lets connect as a replica. Once commits wait for one host, nobody else may acknowledge: a
    /// former partner whose agent is gone would go on doing so. The others come back as their agents say that they do
    /// not.
    private func admissible(_ record: StateRecord) -> HostSet {
        var hosts = HostSet(bits: configuration.dataHosts.bits)
        if let named = record.acknowledger, rules.admitsNamedOnly {
            hosts = pairing.willNotAcknowledge
            hosts.insert(named)
        }
        hosts.remove(me)
        return hosts
    }

    func isAdmittanceTight(_ admitted: HostSet) -> Bool {
        guard let record = store.record, record.primary == me else { return true }
        return admitted.bits & ~admissible(record).bits == 0
    }

    private func needsProof(_ record: StateRecord, _ seen: ServerObservation) -> Bool {
        guard !isProven, seen.isSourceSideOn else { return false }
        return record.acknowledger != nil
    }
}

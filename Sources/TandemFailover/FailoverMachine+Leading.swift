extension FailoverMachine {
    /// The primary's part in etcd; goes on while a statement is under way.
    mutating func leadInStore(_ record: StateRecord, _ out: inout [Action]) {
        guard let seen = server.seen else { return }
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
    func mayAcknowledgeAlone(_ record: StateRecord) -> Bool {
        guard record.primary == me, record.partner == nil, store.staleSince == nil else { return false }
        guard store.write?.transaction.record.partner == nil else { return false }
        return hasClaimed
    }

    /// The revision moved since this agent's first read: what was decided on an older one, be it a transaction of an
    /// earlier agent or an operator's word that this server does not run, is void.
    private var hasClaimed: Bool { store.revision > store.firstRevision || !rules.claimsFirst }

    /// The primary's server, one statement at a time, in the order that keeps each step safe.
    mutating func leadServer(_ record: StateRecord, _ out: inout [Action]) {
        guard let seen = server.seen else { return }
        guard seen.life == .up else {
            server.closeNeedsKill = false
            if seen.life == .down { issue(.startServer, &out) }
            return
        }
        if seen.receiver != .off, !trustsItsSeal {
            // Sealing, also where this agent does not remember why it was promoted.
            issue(.stopReceiver, &out)
        } else if mustFence(record, seen) {
            if seen.access != .closed { close(&out) }
        } else if let switchover, switchover.isClosing {
            drain(seen, &out)
        } else if seen.admitted != admissible(record) {
            issue(.admit(admissible(record)), &out)
        } else if arrangeSourceSide(record, seen, &out) {
            return
        } else if !seen.hasAppliedAll, rules.appliesBeforeOpening {
            // With the source side on, the applier would wait for an acknowledgement for ever.
            if !seen.isApplierOn, !seen.isSourceSideOn || !rules.appliesWithSourceSideOff { issue(.startApplier, &out) }
        } else if seen.source != nil, !trustsItsSeal {
            issue(.forgetSource, &out)
        } else {
            open(record, seen, &out)
        }
    }

    private var trustsItsSeal: Bool {
        !rules.sealsBeforePromoting || !rules.staysSealedWhileUnknown
    }

    /// In a pair, when neither sure of `leader` nor acknowledged. Alone, never: nobody else can be promoted.
    private func mustFence(_ record: StateRecord, _ seen: ServerObservation) -> Bool {
        guard mayBePaired || !rules.staysOpenAlone, seen.access.allowsCommits, !isSure else { return false }
        let provenAt = !rules.staysOpenAlone && !mayBePaired ? startedAt : heartbeats.provenAt
        return now - max(store.sureAt, provenAt) > timing.fencePatience
    }

    /// Whom the primary lets connect as a replica. Once commits wait for one host, nobody else may acknowledge: a former
    /// partner whose agent is gone would go on doing so. The others come back as their agents say that they are silent.
    func admissible(_ record: StateRecord) -> HostSet {
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

    private mutating func arrangeSourceSide(
        _ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]
    ) -> Bool {
        var wanted = record.partner != nil
        if case .joining(let candidate) = record.standing {
            wanted = !isHopeless(candidate, seen) && (seen.isSourceSideOn || isReady(candidate, record))
        }
        if wanted, !rules.shrinksStoreFirst, record.partner != nil, unacknowledgedFor > timing.shrinkPatience {
            wanted = false
        } else if !wanted, !mayAcknowledgeAlone(record) {
            return false
        }
        guard wanted != seen.isSourceSideOn else { return false }
        issue(.setSourceSide(wanted), &out)
        return true
    }

    private mutating func open(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) {
        guard seen.access != .writing, isSure, store.staleSince == nil else { return }
        switch record.standing {
        case .alone, .joining:
            if !seen.isSourceSideOn { issue(.setAccess(.writing), &out) }
        case .paired:
            guard seen.isSourceSideOn, hasClaimed else { return }
            if seen.access == .guarded, isProven || !rules.provesBeforeOpening {
                issue(.setAccess(.writing), &out)
            } else if seen.access != .guarded {
                // What recovery committed here was perhaps never acknowledged: nobody reads it before the partner has it.
                issue(.setAccess(.guarded), &out)
            }
        }
    }

    private func needsProof(_ record: StateRecord, _ seen: ServerObservation) -> Bool {
        guard !isProven, seen.isSourceSideOn else { return false }
        return record.acknowledger != nil
    }
}

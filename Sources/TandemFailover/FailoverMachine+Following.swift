extension FailoverMachine {
    /// A host that is not the primary: partner, candidate, further replica, or one that returns.
    mutating func follow(_ record: StateRecord, _ out: inout [Action]) {
        guard let seen = server.seen else { return }
        let isPartner = record.partner == me
        switch seen.life {
        case .booting, .unresponsive: return
        case .crowded:
            // No session gets in to close it, and what its clients read grows older and older.
            if seen.access.allowsCommits, rules.killsToClose { issue(.killServer, &out) }
        case .down:
            server.closeNeedsKill = false
            guard !isHeld else { return }
            if isPartner || rejoin.comparedEpoch == record.epoch || seen.isFresh || mayForce(record) {
                issue(.startServer, &out)
            } else {
                // Compared before it starts: recovery commits what could still be cut.
                returnToStack(record, seen, &out)
            }
        case .up:
            if seen.access.allowsCommits || seen.hasWaitingCommits {
                if seen.hasWaitingCommits, seen.access == .closed { server.closeNeedsKill = true }
                close(&out)
            } else if !stopFollowing(record, seen, &out) {
                followUp(record, seen, isPartner: isPartner, &out)
            }
        }
    }

    private mutating func followUp(
        _ record: StateRecord, _ seen: ServerObservation, isPartner: Bool, _ out: inout [Action]
    ) {
        let isAttached =
            seen.source == record.primary && seen.attachedEpoch == record.epoch && seen.receiver != .refused
            && !rejoin.wasRefused && !isToBeReplaced(seen)
        if force(record, seen, &out) { return }
        // A partner whose disk was replaced has nothing of what it has acknowledged.
        let hasData = !seen.isFresh && seen.attachedEpoch == record.epoch
        if isPartner && hasData || (!rules.promotesPartnerOnly && isAttached)
            || (!rules.promotesFromPairOnly && isAttached)
        {
            if takeOver(record, seen, &out) { return }
            if closePrimaryRemotely(record, &out) { return }
        }
        // No session can write here and no commit waits, so nothing is acknowledged by this.
        if seen.isSourceSideOn, rules.appliesWithSourceSideOff {
            issue(.setSourceSide(false), &out)
        } else if isAttached {
            stayAttached(record, seen, &out)
        } else if !isPartner {
            returnToStack(record, seen, &out)
        }
    }

    private mutating func stayAttached(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) {
        let acknowledges = record.acknowledger == me
        // An administrator may have changed the settings with SET GLOBAL.
        if acknowledges, seen.isReplicaSideOn, makeDurable(seen, &out) { return }
        if seen.isReplicaSideOn, !acknowledges, seen.receiver != .off {
            // First, so that no connection begun with the side on outlives it.
            issue(.stopReceiver, &out)
        } else if seen.isReplicaSideOn != acknowledges {
            acknowledges ? beginToAcknowledge(seen, &out) : issue(.setReplicaSide(false), &out)
        } else if seen.receiver == .connected, seen.receiverAcknowledges != acknowledges {
            // A receiver keeps to what it connected with.
            issue(.stopReceiver, &out)
        } else if seen.receiver == .off {
            guard store.staleSince == nil, store.write == nil, isReceivedDurable(acknowledges, seen, &out) else {
                return
            }
            issue(.startReceiver(from: record.primary, epoch: record.epoch), &out)
        } else if !seen.isApplierOn {
            issue(.startApplier, &out)
        } else if seen.access == .closed, seen.isCloseBehind {
            issue(.setAccess(.reading), &out)
        } else if !acknowledges {
            adaptDurability(record, seen, &out)
        }
    }

    /// Decides whether this follower's server waits for its disk with each commit. The primary's commits do not wait
    /// for this follower. If it does wait for its disk, it often never catches up with a primary under load: fewer of a
    /// replica's commits than of the primary's share each wait. While the primary has no partner, catching up is worth
    /// the risk, which is that the data has to be copied anew after a loss of power.
    private mutating func adaptDurability(
        _ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]
    ) {
        let since = now - server.distanceSince
        if seen.isDurable {
            guard seen.receiver == .connected, !seen.isCloseBehind, !seen.isDiskFull else { return }
            guard record.partner == nil, store.staleSince == nil else { return }
            if since > timing.lagPatience { issue(.setDurability(false), &out) }
        } else if seen.isCloseBehind, since > timing.durablePatience {
            issue(.setDurability(true), &out)
        }
    }

    /// Asks for the server's commits to be on disk before they are answered. Returns true while they are not yet, so
    /// that the caller must wait.
    mutating func makeDurable(_ seen: ServerObservation, _ out: inout [Action]) -> Bool {
        guard !seen.isDurable, rules.isDurableBeforeAcknowledging else { return false }
        issue(.setDurability(true), &out)
        return true
    }

    /// With the receiver stopped: one that connects anew by itself would acknowledge before what it received is on
    /// disk.
    private mutating func beginToAcknowledge(_ seen: ServerObservation, _ out: inout [Action]) {
        if seen.receiver != .off, rules.appliesBeforeAcknowledging {
            issue(.stopReceiver, &out)
        } else if isReceivedDurable(true, seen, &out) {
            issue(.setReplicaSide(true), &out)
        }
    }

    /// Whoever acknowledges a transaction says that all before it is on disk. A receiver that nobody waited for does
    /// not sync its relay log each time: what it received is applied before it acknowledges anything.
    mutating func isReceivedDurable(_ acknowledges: Bool, _ seen: ServerObservation, _ out: inout [Action]) -> Bool {
        guard acknowledges else { return true }
        if !seen.hasAppliedAll, rules.appliesBeforeAcknowledging {
            if !seen.isApplierOn { issue(.startApplier, &out) }
            return false
        }
        return !makeDurable(seen, &out)
    }
}

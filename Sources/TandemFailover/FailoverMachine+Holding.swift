/// A server that an operator wants stopped: for a restart, for new settings, with the whole stack. It is neither
/// started nor opened, and the other hosts go on without it before it goes.
extension FailoverMachine {
    var isHeld: Bool { heldSince != nil }

    package var isHoldingServer: Bool { isHeld }

    /// Whether the server is held and down: the operator may do with it what he wants.
    public var isStopped: Bool { isHeld && server.seen?.life == .down && server.command == nil }

    mutating func hold(_ order: HoldOrder) {
        guard order.number >= holdNumber || !rules.heedsNewestHold else { return }
        holdNumber = order.number
        guard order.isHeld != isHeld else { return }
        heldSince = order.isHeld ? now : nil
        broadcasts.hasNews = true
    }

    private var hasWaitedForHold: Bool { heldSince.map { now - $0 > timing.holdPatience } ?? false }

    /// A primary stops when it has handed over, and no longer is one. It stops as the primary where nobody can or shall
    /// take its place: failover is paused, it is alone and nobody is there to join it, or all this took too long.
    func mustStop(_ record: StateRecord) -> Bool {
        guard isHeld, switchover?.isClosing != true else { return false }
        guard rules.closesBeforeStopping else { return true }
        if store.isPaused || hasWaitedForHold { return true }
        return record.standing == .alone && !hasCandidate(record)
    }

    /// A host that commits wait for asks to be let go, and stops when `state` names it no longer, or its primary takes
    /// no commits. True when it is on its way to stop.
    mutating func stopFollowing(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) -> Bool {
        guard isHeld else { return false }
        let isNeeded = record.acknowledger == me && freshStatus(of: record.primary)?.takesCommits == true
        guard !isNeeded || hasWaitedForHold else { return false }
        // An undecided promotion is settled first: whoever was promoted hands over.
        guard store.write == nil else { return false }
        if seen.receiver != .off {
            issue(.stopReceiver, &out)
        } else if seen.access != .closed {
            issue(.setAccess(.closed), &out)
        } else if hasWaitedForHold || seen.isTorn || !makeDurable(seen, &out) {
            // The machine may end next, for which a stop in good order should cost no copy of the data.
            issue(.stopServer, &out)
        }
        return true
    }
}

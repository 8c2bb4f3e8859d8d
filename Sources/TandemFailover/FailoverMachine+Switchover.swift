/// A planned change of primary, at the present one: close, drain, ask the partner to take over; open again when it
/// takes too long.
struct Switchover: Hashable, Sendable {
    enum Phase: UInt8, Hashable, Sendable {
        case closing, drained, rolledBack
    }

    enum Origin: Hashable, Sendable {
        /// An operator's intent with this id.
        case intent(UInt64)
        /// An operator wants this host's server stopped.
        case hold
    }

    var origin: Origin
    var since: Milliseconds
    var budget: Milliseconds
    var phase = Phase.closing

    var isClosing: Bool { phase != .rolledBack }
}

extension FailoverMachine {
    /// True when it wrote.
    mutating func planSwitchover(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) -> Bool {
        expireSwitchover()
        handOverIfHeld(record, seen)
        if switchover?.origin == .hold { return false }
        guard let intent = store.intent else {
            switchover = nil
            return false
        }
        if let running = switchover, running.origin != .intent(intent.id), !running.isClosing {
            // What was rolled back was another intent.
            switchover = nil
        }
        guard intent.to != me, switchover?.phase != .rolledBack else {
            write(.endSwitchover, record, endsIntent: intent.id, &out)
            return true
        }
        guard switchover == nil, !store.isPaused else { return false }
        if record.partner == intent.to, mayBeginSwitchover(seen) {
            switchover = Switchover(origin: .intent(intent.id), since: now, budget: intent.pauseBudget)
        } else if now - store.intentSeenAt > timing.intentPatience {
            write(.endSwitchover, record, endsIntent: intent.id, &out)
            return true
        }
        return false
    }

    private func mayBeginSwitchover(_ seen: ServerObservation) -> Bool {
        let isBeating = now - heartbeats.provenAt < 2 * timing.heartbeatInterval + timing.shrinkPatience
        return isSure && seen.life == .up && seen.access == .writing && isBeating && server.command == nil
    }

    /// A primary that is to be stopped hands over first, again and again until somebody takes over.
    private mutating func handOverIfHeld(_ record: StateRecord, _ seen: ServerObservation) {
        if let running = switchover, running.origin == .hold {
            let isOver = !isHeld || store.isPaused || record.partner == nil
            let isDueAgain = !running.isClosing && now - running.since > running.budget + timing.growBackoff
            if isOver || isDueAgain { switchover = nil }
        }
        guard switchover == nil, isHeld, !store.isPaused, rules.closesBeforeStopping, let partner = record.partner
        else {
            return
        }
        guard let status = freshStatus(of: partner), !status.isHeld, mayBeginSwitchover(seen) else { return }
        switchover = Switchover(origin: .hold, since: now, budget: timing.holdPauseBudget)
    }

    /// The budget holds with etcd gone, too: opening again is safe in a pair, where the partner decides what is
    /// acknowledged.
    mutating func expireSwitchover() {
        guard let running = switchover, running.isClosing, now - running.since > running.budget else { return }
        switchover?.phase = .rolledBack
        broadcasts.hasNews = true
    }

    /// Closed, and nothing in flight: the partner is asked to take over.
    mutating func noteDrained(_ seen: ServerObservation) {
        expireSwitchover()
        guard switchover?.phase == .closing, seen.access == .closed, !seen.hasWaitingCommits else { return }
        switchover?.phase = .drained
        broadcasts.hasNews = true
    }
}

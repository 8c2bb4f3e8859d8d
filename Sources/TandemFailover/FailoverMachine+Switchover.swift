/// A planned change of primary, at the present one: close, drain, invite the partner; open again when it takes too long.
struct Switchover: Hashable, Sendable {
    enum Phase: UInt8, Hashable, Sendable {
        case closing, drained, rolledBack
    }

    var id: UInt64
    var since: Milliseconds
    var budget: Milliseconds
    var phase = Phase.closing

    var isClosing: Bool { phase != .rolledBack }
    var isDrained: Bool { phase == .drained }
}

extension FailoverMachine {
    /// True when it wrote.
    mutating func planSwitchover(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) -> Bool {
        expireSwitchover()
        guard let intent = store.intent else {
            switchover = nil
            return false
        }
        guard intent.to != me, switchover?.phase != .rolledBack else {
            write(.endSwitchover, record, endsIntent: true, &out)
            return true
        }
        guard switchover == nil, !store.isPaused else { return false }
        let isPulsing = now - heartbeats.provenAt < 2 * timing.heartbeatInterval
        if record.partner == intent.to, isSure, seen.access == .writing, isPulsing, server.command == nil {
            switchover = Switchover(id: intent.id, since: now, budget: intent.pauseBudget)
        } else if now - store.intentSeenAt > timing.intentPatience {
            write(.endSwitchover, record, endsIntent: true, &out)
            return true
        }
        return false
    }

    /// The budget holds with etcd gone, too: opening again is safe in a pair, where the partner decides what is acknowledged.
    mutating func expireSwitchover() {
        guard let running = switchover, running.isClosing, now - running.since > running.budget else { return }
        switchover?.phase = .rolledBack
        heartbeats.hasNews = true
    }

    mutating func drain(_ seen: ServerObservation, _ out: inout [Action]) {
        expireSwitchover()
        guard switchover?.isClosing == true else { return }
        guard seen.access == .closed else {
            issue(.setAccess(.closed), &out)
            return
        }
        if switchover?.phase == .closing, seen.waitingCommits == 0 {
            switchover?.phase = .drained
            heartbeats.hasNews = true
        }
    }
}

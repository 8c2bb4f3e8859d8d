import TandemFailover
import TandemServices

extension FailoverDriver {
    /// One look after the other, each when it is asked for.
    func lookAgainAndAgain() async {
        pokes.continuation.yield()
        for await _ in pokes.stream {
            guard !Task.isCancelled else { return }
            deliver(.tick(await look()))
            // A host without data sees no clients. Its words reach the others as often as those of hosts that do.
            isInUse = await hands?.isInUse ?? false
            guard isUrgent else { continue }
            try? await Task.sleep(for: settings.urgentLookPause)
            pokes.continuation.yield()
        }
    }

    /// Asks for looks, at intervals.
    func keepTime() async {
        while !Task.isCancelled {
            let interval = isInUse ? settings.lookInterval : settings.restLookInterval
            try? await Ticks.next(every: .milliseconds(interval))
            pokes.continuation.yield()
        }
    }

    /// Asks for more of them while something is under way. A loop of its own, so that a host at rest does not wake for
    /// it.
    func keepLively() async {
        for await _ in lively.stream {
            while isLively, !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(settings.livelyLookInterval))
                pokes.continuation.yield()
            }
        }
    }

    /// What a command brings about is looked at when it has ended. For a while only: what takes longer is no matter of
    /// milliseconds.
    var isUrgent: Bool { now < livelyUntil && command == nil && machine.isAboutToOpen }

    var isLively: Bool {
        now < livelyUntil || machine.awaitsCommand || machine.isCommitLate || machine.takeover != nil
    }

    /// Numbered when it begins.
    func look() async -> ServerObservation {
        lastOrder += 1
        guard let hands else { return ServerObservation(life: .down, order: lastOrder) }
        return await hands.look(order: lastOrder)
    }
}

extension ServerObservation {
    /// Without what differs from look to look on a server whose part stays the same: its changes are no sign that more
    /// is about to happen.
    var withoutWorkload: ServerObservation {
        var steady = self
        steady.order = 0
        steady.receivedCount = 0
        // Commits wait for a moment each, heartbeats among them: more looks would find more that wait, and call for
        // more looks.
        steady.hasWaitingCommits = false
        // A partner is always about to apply something. One that becomes the partner must have applied all, once.
        if receiverAcknowledges { steady.hasAppliedAll = true }
        return steady
    }
}

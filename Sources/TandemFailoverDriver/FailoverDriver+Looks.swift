import TandemFailover

extension FailoverDriver {
    /// One look after the other, each when it is asked for.
    func lookAgainAndAgain() async {
        pokes.continuation.yield()
        for await _ in pokes.stream {
            guard !Task.isCancelled else { return }
            deliver(.tick(await look()))
            guard isUrgent else { continue }
            try? await Task.sleep(for: settings.urgentLookPause)
            pokes.continuation.yield()
        }
    }

    /// Asks for looks, at intervals.
    func keepTime() async {
        let clock = ContinuousClock()
        var last = clock.now
        while !Task.isCancelled {
            let pause = Duration.milliseconds(isLively ? settings.livelyLookInterval : settings.lookInterval)
            // In short steps: what begins meanwhile is looked at more often at once.
            try? await Task.sleep(for: min(pause, .milliseconds(settings.livelyLookInterval)))
            guard clock.now - last >= pause else { continue }
            last = clock.now
            pokes.continuation.yield()
        }
    }

    /// What a command brings about is looked at when it has ended. For a while only: what takes longer is no matter of milliseconds.
    var isUrgent: Bool { now < livelyUntil && command == nil && machine.isAboutToOpen }

    private var isLively: Bool { now < livelyUntil || machine.awaitsCommand || machine.takeover != nil }

    /// Numbered when it begins.
    func look() async -> ServerObservation {
        lastOrder += 1
        guard let hands else { return ServerObservation(life: .down, order: lastOrder) }
        return await hands.look(order: lastOrder)
    }
}

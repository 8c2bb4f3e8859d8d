/// Which browser was told which version of the last hour, and who is to be told it now. A value.
///
/// Each second only the last seconds are told. What is older changes when an agent answers that was silent, tells its
/// hour in several answers, or has had its clock set back.
struct HoursTold: Sendable {
    /// The hour of a busy stack has some hundred kilobytes, and an agent with a wrong clock changes it each second.
    static let interval = Duration.seconds(5)

    private struct Told {
        var revision: Int
        var at: ContinuousClock.Instant
    }

    private var told: [Int: Told] = [:]

    /// - Parameters:
    ///   - listeners: the browsers that listen now.
    ///   - revision: of the hour.
    /// - Returns: those that are told the hour now.
    mutating func next(_ listeners: Set<Int>, revision: Int, now: ContinuousClock.Instant) -> Set<Int> {
        told = told.filter { listeners.contains($0.key) }
        let due = listeners.filter { listener in
            guard let last = told[listener] else { return true }
            return last.revision != revision && now - last.at >= Self.interval
        }
        for listener in due { told[listener] = Told(revision: revision, at: now) }
        return due
    }
}

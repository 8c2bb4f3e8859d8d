import TandemStack

/// Which jobs are due, as a host's clock moves on. Times are seconds since 1970.
struct JobClock: Sendable {
    struct Due: Sendable, Equatable {
        var name: String
        var time: Int
    }

    /// What became due since the last look.
    struct Look: Sendable, Equatable {
        var due: [Due] = []
        /// The first time of each job that came and went unseen: the machine slept, or its clock was set.
        var missed: [Due] = []
    }

    /// A due time that is older is not made up. It covers an agent that begins anew just then.
    static let graceSeconds = 30
    /// The longest sleep between two looks: clocks are set, and machines sleep.
    static let longestSleepSeconds = 10

    private let schedules: [(name: String, schedule: CronSchedule)]
    /// Times up to here have been looked at.
    private var seen: Int

    init(_ schedules: [(name: String, schedule: CronSchedule)], now: Int) {
        self.schedules = schedules
        seen = now - Self.graceSeconds
    }

    mutating func look(at now: Int) -> Look {
        // A clock that was far ahead must not silence the jobs until it is there again. What was claimed stays claimed.
        if now < seen - Self.graceSeconds { seen = now }
        var look = Look()
        for (name, schedule) in schedules {
            let recent = schedule.next(after: max(seen, now - Self.graceSeconds))
            if recent <= now { look.due.append(Due(name: name, time: recent)) }
            guard seen < now - Self.graceSeconds else { continue }
            let first = schedule.next(after: seen)
            if first <= now - Self.graceSeconds { look.missed.append(Due(name: name, time: first)) }
        }
        seen = max(seen, now)
        return look
    }

    func secondsToSleep(at now: Int) -> Int {
        let next = schedules.map { $0.schedule.next(after: max(seen, now)) }.min() ?? .max
        return min(Self.longestSleepSeconds, max(1, next - now))
    }
}

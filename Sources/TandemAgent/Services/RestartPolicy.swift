/// When a service that ended by itself is started again. A value: told of every end, it says how long to wait.
public struct RestartPolicy: Sendable, Equatable {
    public enum Decision: Sendable, Equatable {
        case restart(after: Duration)
        /// It keeps dying: give it a rest, and say that it failed.
        case fail(retryAfter: Duration)
    }

    static let mostDeaths = 5
    static let window = Duration.seconds(60)
    static let rest = Duration.seconds(30)

    /// Times of the deaths within the window, as time since some fixed moment.
    private var deaths: [Duration] = []

    public init() {}

    /// - Parameter now: time since a fixed moment, on a clock that never goes back.
    public mutating func died(at now: Duration) -> Decision {
        deaths.append(now)
        deaths.removeAll { now - $0 > Self.window }
        if deaths.count >= Self.mostDeaths {
            deaths.removeAll()
            return .fail(retryAfter: Self.rest)
        }
        // The first restart is at once: most deaths are alone.
        let delays: [Duration] = [.zero, .milliseconds(200), .milliseconds(800), .seconds(3)]
        return .restart(after: delays[min(deaths.count - 1, delays.count - 1)])
    }
}

import TandemFailover

/// How often a driver looks.
public struct DriverSettings: Hashable, Sendable {
    /// Between the beginnings of two looks, while clients are at work.
    public var lookInterval: Milliseconds = 200
    /// Between the beginnings of two looks, while no client is at work: each look wakes both the agent and mysqld. The
    /// agent's other watches wake at multiples of the same half second.
    public var restLookInterval: Milliseconds = 500
    /// The same, while something is under way.
    public var livelyLookInterval: Milliseconds = 50
    /// From one look to the next while writes wait for this server to open.
    public var urgentLookPause = Duration.milliseconds(5)
    /// How much longer than the reducer the watchdog leaves a server open: closing may take as long as a statement, and
    /// SIGKILL follows.
    public var watchdogGrace = Duration.seconds(6)
    /// How long a statement that was given up is waited for. Its server is ended next, so it need not be.
    public var statementBound = Duration.seconds(1)
    /// Before a command that was the last one, too.
    public var repetitionPause = Duration.milliseconds(100)
    /// After a step of the agent's own that failed.
    public var failurePause = Duration.seconds(1)

    /// How long something counts as under way after the last change.
    static let liveliness: Milliseconds = 2_000

    public init() {}
}

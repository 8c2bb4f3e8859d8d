/// How many connections a ``MySQLClient`` keeps, and for how long. Everything has a bound.
public struct MySQLPoolOptions: Sendable, Hashable {
    /// Connections kept open while nobody asks.
    public var minimumConnections: Int
    public var maximumConnections: Int
    /// An idle connection above the minimum is closed after this.
    public var idleTimeout: Duration = .seconds(60)
    /// A connection older than this is closed when it is next free.
    public var maximumLifetime: Duration = .seconds(1800)
    /// An idle connection is asked for a sign of life this often, so that nothing between here and the server forgets
    /// it, and a dead one is replaced before it is needed.
    public var keepAliveInterval: Duration = .seconds(30)
    /// How long a task waits for a connection before it gets ``MySQLError/Code/poolTimeout``.
    public var acquireTimeout: Duration = .seconds(5)
    /// Tasks that may wait at a time; further ones get ``MySQLError/Code/poolQueueFull`` at once.
    public var maximumWaiters = 4096
    /// The wait after a failed connect: it doubles with each failure from the first to the last of these, less a random
    /// part of up to a half.
    public var backoff: ClosedRange<Duration> = .milliseconds(50) ... .seconds(2)
    /// Whether tasks wait, up to `acquireTimeout`, for a server that cannot be reached. With `false` they get
    /// ``MySQLError/Code/connectFailed`` at once when an attempt to connect has failed and no connection is left, until
    /// an attempt succeeds: for callers who have another server to ask.
    public var waitsForServer = true
    /// In metrics, `db.client.connection.pool.name`; `nil`: the server's address and the database, as in
    /// `10.0.0.1:3306/shop`.
    public var name: String?

    public init(minimumConnections: Int = 0, maximumConnections: Int = 16) {
        precondition(minimumConnections >= 0 && maximumConnections >= 1 && minimumConnections <= maximumConnections)
        self.minimumConnections = minimumConnections
        self.maximumConnections = maximumConnections
    }
}

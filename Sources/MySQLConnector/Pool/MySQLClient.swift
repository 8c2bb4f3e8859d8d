import Logging
import ServiceLifecycle
import Synchronization
import Tracing

/// A client for one MySQL server: a pool of connections, shared by any number of tasks.
///
/// It works while ``run()`` runs: add it to a `ServiceGroup`, before the services that use it, or run it in a task of
/// its own.
///
/// A connection on which an error shows that its session is broken, or that its server no longer takes writes, is not
/// used again. A session that a statement may have changed (SET, locks, temporary tables, an open transaction) is reset
/// before the next task gets it.
public final class MySQLClient: Service, Sendable {
    public let configuration: MySQLConfiguration
    public let options: MySQLPoolOptions
    let logger: Logger
    let pool: BriefLock<PoolState>
    let commands: AsyncStream<PoolCommand>
    let commandSink: AsyncStream<PoolCommand>.Continuation
    let killer: QueryKiller
    let instruments: Instruments
    let lastWaiter = Atomic(0)
    let epoch = ContinuousClock.now

    /// - Parameter tracer: gets a span for each statement; left out, the one that the program set up for all does.
    public init(
        configuration: MySQLConfiguration, options: MySQLPoolOptions = MySQLPoolOptions(), logger: Logger,
        tracer: (any Tracer)? = nil
    ) {
        self.configuration = configuration
        self.options = options
        self.logger = logger
        pool = BriefLock(PoolState(machine: PoolStateMachine(options: options)))
        instruments = Instruments(configuration, pool: options.name, tracer: tracer)
        killer = QueryKiller(configuration: configuration, logger: logger)
        (commands, commandSink) = AsyncStream.makeStream()
    }

    /// Runs one statement as text on any connection; see ``MySQLConnection/execute(_:file:line:)``.
    public func execute(_ sql: String, file: String = #fileID, line: Int = #line) async throws -> MySQLResult {
        try await withConnection { try await $0.execute(sql, file: file, line: line) }
    }

    /// The rows of a prepared statement, as they come: however many there are, only a few are in memory at a time.
    ///
    /// The statement runs when the rows are first asked for, once for each loop over them; it holds a connection from
    /// then until the loop ends. A loop that is left early ends the statement at the server.
    /// ```swift
    /// for try await row in client.stream("SELECT id, title FROM article") {
    ///     let (id, title) = try row.decode((Int, String).self)
    /// }
    /// ```
    public func stream(_ query: MySQLQuery, file: String = #fileID, line: Int = #line) -> MySQLRowSequence {
        MySQLRowSequence(source: .client(self), query: query, file: file, line: line)
    }

    /// Runs one prepared statement on any connection, and returns all its results; see
    /// ``MySQLConnection/queryAll(_:file:line:)``.
    public func queryAll(_ query: MySQLQuery, file: String = #fileID, line: Int = #line) async throws -> [MySQLResult] {
        try await withConnection { try await $0.queryAll(query, file: file, line: line) }
    }

    /// Lends a connection to the closure, for it alone.
    ///
    /// - Throws: ``MySQLError`` with ``MySQLError/Code/poolTimeout``, ``MySQLError/Code/poolQueueFull`` or
    ///   ``MySQLError/Code/poolClosed`` when there is none to be had; `CancellationError` when the task is cancelled
    ///   while it waits; and what the closure throws.
    public func withConnection<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: (MySQLConnection) async throws -> sending Value
    ) async throws -> sending Value {
        let lease = try await acquire()
        defer { release(lease) }
        return try await body(lease.connection)
    }

    /// What the pool holds at this moment.
    public var statistics: MySQLPoolStatistics {
        pool.withLock { state in
            MySQLPoolStatistics(
                idle: state.machine.idleCount, leased: state.machine.leasedCount,
                connecting: state.machine.connectingCount,
                waiting: state.machine.waiterCount, maximum: options.maximumConnections, openedTotal: state.openedTotal,
                connectFailuresTotal: state.connectFailuresTotal)
        }
    }
}

/// A pool at one moment, and its counters since the start.
public struct MySQLPoolStatistics: Sendable, Hashable {
    public var idle: Int
    public var leased: Int
    public var connecting: Int
    /// Tasks that wait for a connection.
    public var waiting: Int
    public var maximum: Int
    public var openedTotal: Int
    public var connectFailuresTotal: Int

    /// Connections that are there.
    package var open: Int { idle + leased }
}

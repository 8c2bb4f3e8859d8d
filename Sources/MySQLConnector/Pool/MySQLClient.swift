import Logging
import ServiceLifecycle
import Synchronization

/// A client for one MySQL server: a pool of connections, shared by any number of tasks.
///
/// It works while ``run()`` runs: add it to a `ServiceGroup`, before the services that use it, or run it in a task of its own.
///
/// A connection on which an error shows that its session is broken, or that its server no longer takes writes, is not used again. A session that a
/// statement may have changed (SET, locks, temporary tables, an open transaction) is reset before the next task gets it.
public final class MySQLClient: Service, Sendable {
    public let configuration: MySQLConfiguration
    public let options: MySQLPoolOptions
    let logger: Logger
    let pool: Mutex<PoolState>
    let commands: AsyncStream<PoolCommand>
    let commandSink: AsyncStream<PoolCommand>.Continuation
    let epoch = ContinuousClock.now

    public init(configuration: MySQLConfiguration, options: MySQLPoolOptions = MySQLPoolOptions(), logger: Logger) {
        self.configuration = configuration
        self.options = options
        self.logger = logger
        pool = Mutex(PoolState(machine: PoolStateMachine(options: options)))
        (commands, commandSink) = AsyncStream.makeStream()
    }

    /// Runs one prepared statement on any connection; see ``MySQLConnection/query(_:file:line:)``.
    public func query(_ query: MySQLQuery, file: String = #fileID, line: Int = #line) async throws -> MySQLResult {
        try await withConnection { try await $0.query(query, file: file, line: line) }
    }

    /// Runs one statement as text on any connection; see ``MySQLConnection/execute(_:file:line:)``.
    public func execute(_ sql: String, file: String = #fileID, line: Int = #line) async throws -> MySQLResult {
        try await withConnection { try await $0.execute(sql, file: file, line: line) }
    }

    /// Lends a connection to the closure, for it alone.
    ///
    /// - Throws: ``MySQLError`` with ``MySQLError/Code/poolTimeout``, ``MySQLError/Code/poolQueueFull`` or ``MySQLError/Code/poolClosed`` when there is none to
    ///   be had; `CancellationError` when the task is cancelled while it waits; and what the closure throws.
    public func withConnection<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: (MySQLConnection) async throws -> sending Value
    ) async throws -> sending Value {
        let lease = try await acquire()
        defer { release(lease) }
        return try await body(lease.connection)
    }

    /// Runs the closure in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// - Throws: ``MySQLError`` with ``MySQLError/Code/commitOutcomeUnknown`` when the connection broke during COMMIT; else as ``withConnection(isolation:_:)``.
    public func withTransaction<Value>(
        isolation: isolated (any Actor)? = #isolation, file: String = #fileID, line: Int = #line,
        _ body: (MySQLConnection) async throws -> sending Value
    ) async throws -> sending Value {
        let lease = try await acquire()
        defer { release(lease) }
        let connection = lease.connection
        _ = try await connection.execute("START TRANSACTION", file: file, line: line)
        let value: Value
        do {
            value = try await body(connection)
        } catch {
            // Not through `execute`: that would refuse a cancelled task. What fails here leaves the connection unusable, and the server rolls back.
            await connection.rollBack()
            throw error
        }
        do {
            _ = try await connection.execute("COMMIT", file: file, line: line)
        } catch {
            await connection.rollBack()
            guard var failure = error as? MySQLError, failure.breaksLink else { throw error }
            failure.code = .commitOutcomeUnknown
            failure.message =
                "the connection broke during COMMIT, so the transaction may be committed or not (\(failure.message))"
            throw failure
        }
        return value
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
}

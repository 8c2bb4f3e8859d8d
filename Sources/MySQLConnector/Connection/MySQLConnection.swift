import Logging

/// One session with one MySQL server.
///
/// Each connection has a thread of its own, on which everything about it runs; so a statement that takes long holds up nothing else. Statements of one
/// connection run one after another.
///
/// A task that is cancelled while its statement runs gets `CancellationError` at once, and the connection is closed; the statement may go on at
/// the server.
public actor MySQLConnection {
    /// As the server says it: `9.7.4`.
    public nonisolated let serverVersion: String
    /// The server's number for this session, as in SHOW PROCESSLIST.
    public nonisolated let connectionID: UInt64
    nonisolated let session: SessionState
    nonisolated let socket: ConnectionSocket
    private nonisolated let thread: ConnectionThread
    private let queryTimeout: Duration?
    private let logger: Logger
    private var wire: (any Wire)?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(
        wire: sending any Wire, thread: ConnectionThread, socket: ConnectionSocket, queryTimeout: Duration?,
        logger: Logger
    ) {
        serverVersion = wire.serverVersion
        connectionID = wire.connectionID
        session = SessionState()
        self.thread = thread
        self.socket = socket
        self.queryTimeout = queryTimeout
        self.logger = logger
        self.wire = wire
    }

    deinit { thread.retire() }

    /// Runs a prepared statement. It is prepared once per connection and kept.
    public func query(_ query: MySQLQuery, file: String = #fileID, line: Int = #line) async throws -> MySQLResult {
        try await perform(query.sql, file: file, line: line) { wire throws(MySQLError) in try wire.query(query) }
    }

    /// Runs a statement as text, for what cannot be prepared: SET, CLONE, START REPLICA, … Of several results, the first that has columns is returned.
    ///
    /// - Parameter sql: one statement, taken as it is. Never build it from what a user typed: use ``query(_:file:line:)``.
    @discardableResult
    public func execute(_ sql: String, file: String = #fileID, line: Int = #line) async throws -> MySQLResult {
        try await perform(sql, file: file, line: line) { wire throws(MySQLError) in try wire.execute(sql) }
    }

    /// Says good-bye to the server and ends the connection's thread. Idempotent.
    public func close() {
        session.markUnusable()
        guard let wire else { return }
        wire.close()
        self.wire = nil
        thread.retire()
        logger.debug("MySQL connection closed", metadata: ["connection": "\(connectionID)"])
    }

    /// Whether it is open and its session of use; it may still turn out to be broken.
    public nonisolated var isUsable: Bool { session.isUsable }

    /// Makes the session as new, for its next user.
    func reset() throws {
        guard let wire else { throw MySQLError(code: .connectionClosed, message: "the connection is closed") }
        do {
            try wire.reset()
            session.setNeedsReset(false)
        } catch {
            close()
            throw error
        }
    }

    /// Ends a transaction that failed; if that fails too, the connection, and so the server ends it. Works for cancelled tasks.
    func rollBack() {
        guard let wire else { return }
        do {
            _ = try wire.execute("ROLLBACK")
            session.setNeedsReset(wire.isTouched || wire.isInTransaction)
        } catch {
            close()
        }
    }

    private func perform(
        _ sql: String, file: String, line: Int, _ body: (any Wire) throws(MySQLError) -> MySQLResult
    ) async throws -> MySQLResult {
        try Task.checkCancellation()
        guard let wire else {
            throw MySQLError(code: .connectionClosed, message: "the connection is closed").at(
                statement: sql, file: file, line: line)
        }
        logger.trace("MySQL statement", metadata: ["connection": "\(connectionID)", "statement": "\(sql)"])
        let start = ContinuousClock.now
        do {
            // The handler goes in here, on the connection's thread: a task that still waits for its turn must not break another's statement.
            let result = try await withTaskCancellationHandler {
                try self.block(on: wire, body)
            } onCancel: { [socket] in
                socket.interrupt()
            }
            if socket.isInterrupted { close() }
            session.setNeedsReset(wire.isTouched || wire.isInTransaction)
            return result
        } catch let error as MySQLError {
            session.setNeedsReset(wire.isTouched || wire.isInTransaction)
            throw failure(error, after: ContinuousClock.now - start, statement: sql, file: file, line: line)
        }
    }

    /// A method of the actor, so that the closure that calls it runs on the connection's thread. One that does not mention the actor would run, and
    /// block, on a thread of Swift's own pool.
    private func block(on wire: any Wire, _ body: (any Wire) throws(MySQLError) -> MySQLResult) throws(MySQLError)
        -> MySQLResult
    {
        try body(wire)
    }

    private func failure(_ error: MySQLError, after elapsed: Duration, statement: String, file: String, line: Int)
        -> any Error
    {
        var error = error
        if error.endsSession { session.markUnusable() }
        if error.breaksLink || socket.isInterrupted {
            close()
            if socket.isInterrupted { return CancellationError() }
            if let queryTimeout, elapsed >= queryTimeout, error.code == .connectionClosed {
                error.code = .queryTimeout
                error.message =
                    "the server was silent for \(queryTimeout); the connection was closed (\(error.message))"
            }
        }
        return error.at(statement: statement, file: file, line: line)
    }
}

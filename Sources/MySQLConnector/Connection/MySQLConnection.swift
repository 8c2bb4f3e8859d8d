import Logging

/// One session with one MySQL server.
///
/// Each connection has a thread of its own, on which everything about it runs; so a statement that takes long holds up
/// nothing else. Statements of one connection run one after another.
///
/// A task that is cancelled while its statement runs gets `CancellationError`; the statement is ended at the server
/// with KILL QUERY, over another connection, and this one can be used further. Where that is not possible within a few
/// seconds the connection is closed.
public actor MySQLConnection {
    /// As the server says it: `9.7.4`.
    public nonisolated let serverVersion: String
    /// The server's number for this session, as in SHOW PROCESSLIST.
    public nonisolated let connectionID: UInt64
    /// What the server calls itself, `@@server_uuid`; two servers never have the same.
    public nonisolated let serverUUID: String
    nonisolated let session: SessionState
    nonisolated let socket: ConnectionSocket
    nonisolated let canceller: StatementCanceller
    nonisolated let thread: ConnectionThread
    let queryTimeout: Duration?
    let instruments: Instruments
    let logger: Logger
    var wire: (any Wire)?
    /// The result that is being read piece by piece.
    var reading: OpenStream?
    /// What has to end before the next statement may begin.
    var housekeeping: Task<Void, Never>?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(
        wire: sending any Wire, thread: ConnectionThread, socket: ConnectionSocket, killer: QueryKiller?,
        queryTimeout: Duration?, instruments: Instruments, logger: Logger
    ) {
        serverVersion = wire.serverVersion
        connectionID = wire.connectionID
        serverUUID = wire.serverUUID
        session = SessionState()
        canceller = StatementCanceller(
            socket: socket, killer: killer, session: wire.connectionID, serverUUID: wire.serverUUID)
        self.thread = thread
        self.socket = socket
        self.queryTimeout = queryTimeout
        self.instruments = instruments
        self.logger = logger
        self.wire = wire
    }

    deinit { thread.retire() }

    /// Runs a prepared statement. It is prepared once per connection and kept.
    ///
    /// - Returns: of several results, as CALL may give them, the first that has columns.
    public func query(_ query: MySQLQuery, file: String = #fileID, line: Int = #line) async throws -> MySQLResult {
        try await perform(query.sql, file: file, line: line) { wire throws(MySQLError) in try wire.query(query) }
    }

    /// Runs a prepared statement, and returns all its results; CALL gives one for each SELECT of the procedure, and a
    /// last one without columns.
    public func queryAll(_ query: MySQLQuery, file: String = #fileID, line: Int = #line) async throws -> [MySQLResult] {
        try await perform(query.sql, file: file, line: line) { wire throws(MySQLError) in try wire.queryAll(query) }
    }

    /// Runs a statement as text, for what cannot be prepared: SET, CLONE, START REPLICA, … Of several results, the
    /// first that has columns is returned.
    ///
    /// - Parameter sql: one statement, taken as it is. Never build it from what a user typed: use
    ///   ``query(_:file:line:)``.
    @discardableResult
    public func execute(_ sql: String, file: String = #fileID, line: Int = #line) async throws -> MySQLResult {
        let results = try await executeAll(sql, file: file, line: line)
        return results.first { !$0.columns.isEmpty } ?? results.last ?? MySQLResult()
    }

    /// Runs a statement as text, and returns all its results.
    public func executeAll(_ sql: String, file: String = #fileID, line: Int = #line) async throws -> [MySQLResult] {
        try await perform(sql, file: file, line: line) { wire throws(MySQLError) in try wire.execute(sql) }
    }

    /// Says good-bye to the server and ends the connection's thread. Idempotent.
    public func close() {
        session.markUnusable()
        reading = nil
        guard let wire else { return }
        wire.close()
        self.wire = nil
        thread.retire()
        logger.debug("MySQL connection closed", metadata: [LogKey.connectionID: "\(connectionID)"])
    }

    /// Closes it and waits until its thread is gone, which another one has to do.
    nonisolated func closeAndJoin() async {
        await close()
        await thread.join()
    }

    /// Whether it is open and its session of use; it may still turn out to be broken.
    public nonisolated var isUsable: Bool { session.isUsable }

    /// Makes the session as new, for its next user.
    func reset() async throws {
        await becomeFree()
        guard let wire else { throw MySQLError(code: .connectionClosed, message: "the connection is closed") }
        do {
            try wire.reset()
            noteSession()
        } catch {
            close()
            throw error
        }
    }

    /// Asks for a sign of life; closes the connection when none comes.
    func ping() {
        do { try wire?.ping() } catch { close() }
    }

    /// Ends a transaction that failed; if that fails too, the connection, and so the server ends it. Works for
    /// cancelled tasks.
    package func rollBack() async {
        await becomeFree()
        guard let wire else { return }
        do {
            _ = try wire.execute("ROLLBACK")
            noteSession()
        } catch {
            close()
        }
    }
}

import Logging

extension MySQLConnection {
    /// Runs the closure with the wire, on the connection's thread, once everything before it has ended.
    ///
    /// - Parameter reading: the stream that this goes on with; any other that is open must be ended first.
    func perform<Output>(
        _ sql: String, file: String, line: Int, manner: StatementCanceller.Manner = .kill,
        reading own: OpenStream? = nil,
        _ body: (any Wire) throws(MySQLError) -> Output
    ) async throws -> Output {
        try Task.checkCancellation()
        guard instruments.tracer != nil else {
            return try await attempt(sql, file: file, line: line, manner: manner, reading: own, body)
        }
        return try await instruments.withSpan(sql, file: file, line: line) {
            try await attempt(sql, file: file, line: line, manner: manner, reading: own, body)
        }
    }

    private func attempt<Output>(
        _ sql: String, file: String, line: Int, manner: StatementCanceller.Manner, reading own: OpenStream?,
        _ body: (any Wire) throws(MySQLError) -> Output
    ) async throws -> Output {
        if housekeeping != nil || reading !== own {
            try await becomeFree(for: own, statement: sql, file: file, line: line)
        }
        guard let wire else {
            throw MySQLError(code: .connectionClosed, message: "the connection is closed").at(
                statement: sql, file: file, line: line)
        }
        // The handler goes in here, on the connection's thread: a task that still waits for its turn must not end
        // another's statement.
        let statement = canceller.begin()
        let outcome = await withTaskCancellationHandler {
            self.run(sql, on: wire, body)
        } onCancel: { [canceller] in
            canceller.cancel(statement, manner)
        }
        if let ending = canceller.end(statement) {
            await waitOut(ending)
            if manner == .kill { throw CancellationError() }
        }
        return try conclude(outcome, manner: manner, statement: sql, file: file, line: line).get()
    }

    /// Does what blocks. A method of the actor, so that it runs on the connection's thread: a closure that does not
    /// mention the actor would run, and block, on a thread of Swift's own pool.
    func run<Output>(
        _ sql: String, on wire: any Wire, _ body: (any Wire) throws(MySQLError) -> Output
    ) -> StatementOutcome<Output> {
        logger.trace(
            "MySQL statement", metadata: [LogKey.connectionID: "\(connectionID)", LogKey.statement: "\(sql)"])
        let start = ContinuousClock.now
        do throws(MySQLError) {
            let output = try body(wire)
            let outcome = StatementOutcome(result: .success(output), start: start, end: .now)
            instruments.ran(for: outcome.elapsed, failed: false)
            return outcome
        } catch {
            let outcome = StatementOutcome<Output>(result: .failure(error), start: start, end: .now)
            instruments.ran(for: outcome.elapsed, failed: true)
            return outcome
        }
    }

    /// Draws the consequences for the connection, and makes the error what the caller shall see.
    func conclude<Output>(
        _ outcome: StatementOutcome<Output>, manner: StatementCanceller.Manner = .kill, statement: String, file: String,
        line: Int
    ) -> Result<Output, any Error> {
        if socket.isInterrupted { close() }
        noteSession()
        return outcome.result.mapError { error in
            failure(error, after: outcome.elapsed, manner: manner, statement: statement, file: file, line: line)
        }
    }

    /// After a statement that was cancelled.
    func waitOut(_ ending: Task<Void, Never>) async {
        await keepHouse { connection in
            await ending.value
            connection.clearKill()
        }
        if socket.isInterrupted { close() }
        noteSession()
    }

    /// Whether the next statement may begin at once.
    var isFree: Bool { housekeeping == nil && reading == nil }

    /// Ends whatever is still under way.
    func becomeFree() async {
        if let reading { await endStream(reading) }
        await settle()
    }

    private func becomeFree(for own: OpenStream?, statement: String, file: String, line: Int) async throws {
        await settle()
        guard let reading, reading !== own else { return }
        guard reading.isAbandoned else {
            throw MySQLError(
                code: .connectionBusy,
                message:
                    "rows of another statement are being read on this connection (\(reading.file):\(reading.line)); "
                    + "end that loop first, or use another connection"
            ).at(statement: statement, file: file, line: line)
        }
        await endStream(reading)
    }

    /// Does something that the next statement has to wait for.
    func keepHouse(_ work: @escaping @Sendable (isolated MySQLConnection) async -> Void) async {
        await settle()
        housekeeping = Task { await work(self) }
        await settle()
    }

    private func settle() async {
        while let task = housekeeping {
            await task.value
            if housekeeping == task { housekeeping = nil }
        }
    }

    /// A KILL QUERY that came too late may lie in wait for the next statement. This one is for it.
    func clearKill() {
        guard socket.isQuiet, reading == nil else { return }
        do { try wire?.clearKill() } catch { close() }
    }

    func noteSession() {
        guard let wire else { return }
        session.setNeedsReset(wire.isTouched || wire.isInTransaction || reading != nil)
    }

    private func failure(
        _ error: MySQLError, after elapsed: Duration, manner: StatementCanceller.Manner, statement: String,
        file: String,
        line: Int
    ) -> any Error {
        var error = error
        if error.endsSession { session.markUnusable() }
        if error.breaksLink || socket.isInterrupted {
            if socket.isInterrupted, manner == .kill {
                close()
                return CancellationError()
            }
            if let queryTimeout, elapsed >= queryTimeout, error.code == .connectionClosed {
                error.code = .queryTimeout
                error.message =
                    "the server was silent for \(queryTimeout); the connection was closed (\(error.message))"
                endSessionElsewhere()
            }
            close()
        }
        return error.at(statement: statement, file: file, line: line)
    }

    /// The server would go on with a statement whose connection is closed, and notice only when it has something to
    /// say.
    private func endSessionElsewhere() {
        // While this descriptor is open, the server cannot give the session's number to another.
        let held = socket.duplicate()
        Task { [canceller] in
            await canceller.killSession()
            held.detach()
        }
    }
}

/// How a statement ended, and when it ran.
struct StatementOutcome<Output> {
    var result: Result<Output, MySQLError>
    var start: ContinuousClock.Instant
    var end: ContinuousClock.Instant

    var elapsed: Duration { end - start }
}

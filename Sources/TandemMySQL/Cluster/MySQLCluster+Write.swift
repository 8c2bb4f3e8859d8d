import CoreMetrics
public import MySQLConnector
import Synchronization

extension MySQLCluster {
    /// Runs one prepared statement on the primary; it commits by itself.
    ///
    /// Until it is sent it waits for a primary, up to ``MySQLClusterConfiguration/writeHoldLimit``, and so it does when
    /// a server refuses it because it is no longer the primary.
    ///
    /// - Parameter exactlyOnce: see ``write(isolation:exactlyOnce:deadlockRetries:_:)``.
    /// - Throws: `MySQLError` with the code `commitOutcomeUnknown` when the connection broke after it was sent;
    ///   `noServer` when there was no primary in time; and what the statement is at fault for.
    @discardableResult
    public func write(
        _ query: MySQLQuery, exactlyOnce: Bool = false, file: String = #fileID, line: Int = #line
    ) async throws -> MySQLCommitted<MySQLResult> {
        if exactlyOnce {
            return try await write(exactlyOnce: true) { try await $0.query(query, file: file, line: line) }
        }
        return try await untilDone { pool in
            var stage = WriteStage.acquiring
            do {
                let result = try await pool.withConnection { connection in
                    stage = .committing
                    return try await connection.query(query, file: file, line: line)
                }
                return .committed(result, gtid: result.gtid)
            } catch {
                let error = Verdict.unmasked(error)
                if stage == .committing, Verdict.leavesOpen(error) { return .unknown(error, nil) }
                if stage == .committing, Verdict.wasNotSent(error) { return .notDone(error) }
                return WriteAttempt(error, at: .open)
            }
        }
    }

    /// Runs the closure in a transaction on the primary: committed when it returns, rolled back when it throws.
    ///
    /// The closure is run again when the connection breaks before COMMIT, or the server is no longer the primary:
    /// nothing of what it did counts then. So keep everything but statements out of it, and let its `MySQLError`s
    /// through. Statements with an implicit commit (CREATE TABLE, …) do not belong in a transaction:
    /// ``withPrimaryConnection(isolation:_:)`` is for them.
    ///
    /// - Parameters:
    ///   - exactlyOnce: also settles what became of a COMMIT whose answer was lost: a record is written in the same
    ///     transaction and looked for on the primary that serves afterwards; only if it is absent is the transaction
    ///     run again. Costs one INSERT. See <doc:Commits>.
    ///   - deadlockRetries: how often a deadlock (1213) or a lock wait that took too long (1205) is tried again.
    /// - Throws: `MySQLError` with the code `commitOutcomeUnknown` when the connection broke during COMMIT (with
    ///   `exactlyOnce`: when that could not be settled within ``MySQLClusterConfiguration/writeHoldLimit``); `noServer`
    ///   when there was no primary in time; what the closure throws.
    @discardableResult
    public func write<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, exactlyOnce: Bool = false, deadlockRetries: Int = 0,
        _ body: (MySQLConnection) async throws -> Value
    ) async throws -> MySQLCommitted<Value> {
        if exactlyOnce {
            return try await writeExactlyOnce(isolation: isolation, deadlockRetries: deadlockRetries, body)
        }
        return try await untilDone(isolation: isolation, deadlockRetries: deadlockRetries) { pool in
            await attempt(isolation: isolation, on: pool, body)
        }
    }

    /// Lends a connection to the primary, for what is no transaction: CREATE TABLE, GET_LOCK, …
    ///
    /// It waits for a primary as a write does. What the closure throws is not tried again.
    public func withPrimaryConnection<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: (MySQLConnection) async throws -> Value
    ) async throws -> Value {
        try await untilDone(isolation: isolation) { pool in
            var isLent = false
            do {
                let value = try await pool.withConnection(isolation: isolation) { connection in
                    isLent = true
                    return try await body(connection)
                }
                return .committed(value, gtid: nil)
            } catch {
                return isLent ? .failed(error) : WriteAttempt(error, at: .acquiring)
            }
        }.value
    }

    // MARK: -

    /// Tries until it is done, refused, or the time is up.
    func untilDone<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, deadlockRetries: Int = 0,
        _ attempt: (MySQLClient) async -> WriteAttempt<Value>
    ) async throws -> MySQLCommitted<Value> {
        var hold = Hold(limit: configuration.writeHoldLimit)
        var deadlocks = 0
        while true {
            let start = ContinuousClock.now
            let rings = bell.rings
            guard let (pool, epoch) = writeRoute() else {
                try await self.hold(&hold, .write, rings: rings)
                continue
            }
            switch await attempt(pool.client) {
            case .committed(let value, let gtid):
                recordHold(hold, .write)
                return committed(value, gtid: gtid, on: pool.server, epoch: epoch)
            case .notDone(let error):
                // In the queue for a connection it has done nothing but wait.
                hold.failed(error, since: Verdict(error) == .notSent ? start : .now)
                try await self.hold(&hold, .write, rings: rings)
            case .failed(let error):
                try await pauseForDeadlock(error, &deadlocks, limit: deadlockRetries)
            case .unknown(let error, _): throw outcomeUnknown(error)
            }
        }
    }

    /// - Throws: the error, when it is no deadlock, or one too many.
    func pauseForDeadlock(_ error: any Error, _ deadlocks: inout Int, limit: Int) async throws {
        guard (error as? MySQLError)?.isDeadlock == true, deadlocks < limit else { throw error }
        deadlocks += 1
        try await Task.sleep(for: .milliseconds(Int.random(in: 1...20) * deadlocks))
    }

    func writeRoute() -> (ServerPool, epoch: Int)? {
        state.withLock { state in
            guard case .server(let name, let epoch) = state.routing.write(), let pool = state.writePool,
                pool.server == name
            else { return nil }
            return (pool, epoch)
        }
    }

    /// One transaction.
    /// - Parameter prepare: its first statements.
    func attempt<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, on pool: MySQLClient,
        prepare: (MySQLConnection) async throws -> Void = { _ in },
        _ body: (MySQLConnection) async throws -> Value
    ) async -> WriteAttempt<Value> {
        var stage = WriteStage.acquiring
        var value: Value?
        do {
            return try await pool.withConnection(isolation: isolation) { connection in
                stage = .open
                try await connection.execute("START TRANSACTION")
                let result: Value
                do {
                    try await prepare(connection)
                    result = try await body(connection)
                    // A cancelled task must not find out in the middle of COMMIT.
                    try Task.checkCancellation()
                } catch {
                    await connection.rollBack()
                    throw error
                }
                value = result
                stage = .committing
                let gtid = try await connection.commit().gtid
                return .committed(result, gtid: gtid)
            }
        } catch {
            return WriteAttempt(Verdict.unmasked(error), at: stage, value: value)
        }
    }

    func committed<Value: Sendable>(
        _ value: Value, gtid: String?, on server: String, epoch: Int
    ) -> MySQLCommitted<Value> {
        state.withLock { $0.count(server, \.writesTotal) }
        metrics[server].writes.increment()
        let token = gtid.flatMap { GTIDPosition($0.filter { !$0.isNewline }) }.map {
            MySQLSessionToken(epoch: epoch, position: $0)
        }
        if let token { MySQLSession.task?.observe(token) }
        return MySQLCommitted(value: value, token: token)
    }

    func outcomeUnknown(_ error: any Error) -> MySQLError {
        var failure = error as? MySQLError ?? MySQLError(code: .commitOutcomeUnknown, message: "")
        failure.code = .commitOutcomeUnknown
        failure.message =
            "the connection broke after the commit was sent, so it may have been carried out or not"
            + " (\((error as? MySQLError)?.message ?? "\(error)"))"
        return failure
    }
}

extension MySQLError {
    var isDeadlock: Bool { code == .server && (serverErrorNumber == 1213 || serverErrorNumber == 1205) }
}

extension MySQLClient {
    /// Runs the closure in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// Cancelling the task ends the statement that runs, and rolls back; but a COMMIT that is under way is waited for.
    ///
    /// - Throws: ``MySQLError`` with ``MySQLError/Code/commitOutcomeUnknown`` when the connection broke during COMMIT;
    ///   else as ``withConnection(isolation:_:)``.
    public func withTransaction<Value>(
        _ options: MySQLTransactionOptions = MySQLTransactionOptions(),
        isolation: isolated (any Actor)? = #isolation, file: String = #fileID, line: Int = #line,
        _ body: (MySQLConnection) async throws -> sending Value
    ) async throws -> sending Value {
        var retries = 0
        while true {
            do {
                return try await transactOnce(options, file: file, line: line, body)
            } catch let error as MySQLError where error.isTransactionConflict && retries < options.maximumRetries {
                retries += 1
                try await Task.sleep(for: options.delay(beforeRetry: retries))
            }
        }
    }

    private func transactOnce<Value>(
        _ options: MySQLTransactionOptions, isolation: isolated (any Actor)? = #isolation, file: String, line: Int,
        _ body: (MySQLConnection) async throws -> sending Value
    ) async throws -> sending Value {
        let lease = try await acquire()
        defer { release(lease) }
        return try await lease.connection.transact(options, file: file, line: line, body)
    }
}

extension MySQLConnection {
    /// Runs the closure in a transaction on this connection; see
    /// ``MySQLClient/withTransaction(_:isolation:file:line:_:)``. It is not run again after a conflict.
    public func withTransaction<Value>(
        _ options: MySQLTransactionOptions = MySQLTransactionOptions(),
        isolation: isolated (any Actor)? = #isolation, file: String = #fileID, line: Int = #line,
        _ body: (MySQLConnection) async throws -> sending Value
    ) async throws -> sending Value {
        try await transact(options, file: file, line: line, body)
    }

    fileprivate func transact<Value>(
        _ options: MySQLTransactionOptions, isolation: isolated (any Actor)? = #isolation, file: String, line: Int,
        _ body: (MySQLConnection) async throws -> sending Value
    ) async throws -> sending Value {
        try await begin(options, file: file, line: line)
        let value: Value
        do {
            value = try await body(self)
        } catch {
            // Not through `execute`: that would refuse a cancelled task. What fails here leaves the connection
            // unusable, and the server rolls back.
            await rollBack()
            throw error
        }
        do {
            try await commit(file: file, line: line)
        } catch {
            await rollBack()
            guard var failure = error as? MySQLError, failure.breaksLink else { throw error }
            failure.code = .commitOutcomeUnknown
            failure.message =
                "the connection broke during COMMIT, so the transaction may be committed or not (\(failure.message))"
            throw failure
        }
        return value
    }

    private func begin(_ options: MySQLTransactionOptions, file: String, line: Int) async throws {
        _ = try await perform("START TRANSACTION", file: file, line: line) { wire throws(MySQLError) in
            try wire.begin(options)
        }
    }

    /// COMMIT, which a cancellation does not interrupt.
    @discardableResult
    package func commit(file: String = #fileID, line: Int = #line) async throws -> MySQLResult {
        let results = try await perform("COMMIT", file: file, line: line, manner: .wait) { wire throws(MySQLError) in
            try wire.execute("COMMIT")
        }
        return results.last ?? MySQLResult()
    }
}

import CMariaDB

/// Prepared statements.
extension LibMariaDBWire {
    /// The columns of `SELECT *` became more or fewer since it was prepared: Connector/C gives up then, after the
    /// server ran it.
    private static let columnsChanged = 2057

    func query(_ query: MySQLQuery) throws(MySQLError) -> MySQLResult {
        try run(query) { statement throws(MySQLError) in
            var chosen = try statement.readResult(maximumBytes: configuration.maximumResultBytes)
            while try statement.nextResult() {
                let next = try statement.readResult(maximumBytes: configuration.maximumResultBytes)
                if chosen.columns.isEmpty { chosen = next }
            }
            statement.finish()
            return chosen
        }
    }

    func queryAll(_ query: MySQLQuery) throws(MySQLError) -> [MySQLResult] {
        try run(query) { statement throws(MySQLError) in
            var left = configuration.maximumResultBytes
            var results: [MySQLResult] = []
            repeat {
                let result = try statement.readResult(maximumBytes: left)
                left = max(0, left - result.payloadBytes)
                results.append(result)
            } while try statement.nextResult()
            statement.finish()
            return results
        }
    }

    func open(_ query: MySQLQuery) throws(MySQLError) -> [MySQLColumn] {
        cursor = try run(query) { statement throws(MySQLError) in try RowCursor(over: statement, of: query.sql) }
        return cursor?.columns ?? []
    }

    func fetch(_ limit: RowBatch.Limit) throws(MySQLError) -> RowBatch {
        try withCursor { cursor throws(MySQLError) in
            let batch = try cursor.fetch(limit) { self.hasInput(within: .zero) }
            return (batch, batch.isLast)
        } ?? RowBatch(isLast: true)
    }

    func skip(maximumBytes: Int, patience: Duration) throws(MySQLError) -> Bool {
        try withCursor { cursor throws(MySQLError) in
            let isAtEnd = try cursor.skip(maximumBytes: maximumBytes) { self.hasInput(within: patience) }
            return (isAtEnd, isAtEnd)
        } ?? true
    }

    /// - Parameter body: returns, beside its value, whether the result is at its end.
    private func withCursor<Value>(_ body: (RowCursor) throws(MySQLError) -> (Value, Bool)) throws(MySQLError) -> Value?
    {
        guard let cursor else { return nil }
        do throws(MySQLError) {
            let (value, isAtEnd) = try body(cursor)
            if isAtEnd { self.cursor = nil }
            return value
        } catch {
            self.cursor = nil
            cursor.abandon()
            statements[cursor.sql] = nil
            throw error
        }
    }

    /// Whether a read would find something at once, after waiting for it for a while.
    private func hasInput(within patience: Duration) -> Bool {
        cmariadb_has_buffered_input(handle) != 0 || socket.hasInput(within: patience)
    }

    private func run<Value>(
        _ query: MySQLQuery, _ body: (PreparedStatement) throws(MySQLError) -> Value
    ) throws(MySQLError) -> Value {
        try checkOpen()
        do throws(MySQLError) {
            return try runOnce(query, body)
        } catch {
            guard error.serverErrorNumber == Self.columnsChanged, SessionEffect.isPlainRead(query.sql) else {
                throw error
            }
            return try runOnce(query, body)
        }
    }

    private func runOnce<Value>(
        _ query: MySQLQuery, _ body: (PreparedStatement) throws(MySQLError) -> Value
    ) throws(MySQLError) -> Value {
        let statement: PreparedStatement
        if let cached = statements[query.sql] {
            statement = cached
        } else {
            statement = try PreparedStatement(preparing: query.sql, on: handle)
            statements[query.sql] = statement
        }
        noteEffect(statement.effect)
        do throws(MySQLError) {
            try statement.start(query.bindings)
            return try body(statement)
        } catch {
            statement.finish()
            // The next use prepares afresh, which also heals a statement whose tables were altered.
            statements[query.sql] = nil
            throw explained(error, of: query)
        }
    }

    /// A server hangs up on a packet that is too large, mostly without a word.
    private func explained(_ error: MySQLError, of query: MySQLQuery) -> MySQLError {
        let bytes = query.bindings.reduce(query.sql.utf8.count) { $0 + $1.payloadBytes }
        guard bytes > 1 << 20, error.breaksLink || error.serverErrorNumber == 1153 else { return error }
        var error = error
        error.message +=
            "; the statement and its values have \(bytes) bytes, and must fit into the server's max_allowed_packet and into "
            + "maximumPacketBytes here (\(configuration.maximumPacketBytes))"
        return error
    }
}

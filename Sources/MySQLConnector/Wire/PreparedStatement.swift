import CMariaDB

/// A statement that the server has prepared, with the memory that its values travel through.
final class PreparedStatement {
    let effect: SessionEffect
    private let statement: UnsafeMutablePointer<MYSQL_STMT>
    private let parameters: ParameterBuffers
    private var rows: RowBuffers?

    init(preparing sql: String, on handle: UnsafeMutablePointer<MYSQL>) throws(MySQLError) {
        guard let statement = mysql_stmt_init(handle) else { throw handle.lastError(code: .outOfResources) }
        var sql = sql
        let failed = sql.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { mysql_stmt_prepare(statement, $0.baseAddress, UInt($0.count)) }
        }
        guard failed == 0 else {
            let error = statement.lastError()
            mysql_stmt_close(statement)
            throw error
        }
        effect = SessionEffect(of: sql)
        self.statement = statement
        parameters = ParameterBuffers(count: Int(mysql_stmt_param_count(statement)))
        if let fields = statement.fields { try RowBuffers.checkTypes(of: fields) }
    }

    deinit { mysql_stmt_close(statement) }

    func execute(
        _ bindings: [MySQLValue], on handle: UnsafeMutablePointer<MYSQL>, maximumResultBytes: Int
    ) throws(MySQLError) -> MySQLResult {
        guard bindings.count == parameters.count else {
            throw MySQLError(
                code: .bindingMismatch,
                message: "the statement has \(parameters.count) placeholders, but \(bindings.count) values are bound")
        }
        if !bindings.isEmpty {
            parameters.fill(bindings)
            guard mysql_stmt_bind_param(statement, parameters.binds) == 0 else { throw statement.lastError() }
        }
        let failed = mysql_stmt_execute(statement)
        parameters.shrink()
        guard failed == 0 else { throw statement.lastError() }
        defer { mysql_stmt_free_result(statement) }
        return try readResults(handle, maximumResultBytes)
    }

    /// The first result that has columns, else the last: CALL gives one for each SELECT, and a status at the end.
    private func readResults(_ handle: UnsafeMutablePointer<MYSQL>, _ maximumBytes: Int) throws(MySQLError)
        -> MySQLResult
    {
        var chosen = try readResult(handle, maximumBytes)
        while mysql_stmt_more_results(statement) != 0 {
            guard mysql_stmt_next_result(statement) <= 0 else { throw statement.lastError() }
            let next = try readResult(handle, maximumBytes)
            if chosen.columns.isEmpty { chosen = next }
        }
        return chosen
    }

    private func readResult(_ handle: UnsafeMutablePointer<MYSQL>, _ maximumBytes: Int) throws(MySQLError)
        -> MySQLResult
    {
        guard statement.fields != nil, let fields = handle.resultFields else {
            let insertID = mysql_stmt_insert_id(statement)
            return MySQLResult(
                affectedRows: Int(clamping: mysql_stmt_affected_rows(statement)),
                lastInsertID: insertID == 0 ? nil : insertID,
                warnings: Int(mysql_stmt_warning_count(statement)), gtid: handle.trackedGTID())
        }
        let rows: RowBuffers
        if let known = self.rows, known.match(fields) {
            rows = known
        } else {
            try RowBuffers.checkTypes(of: fields)
            rows = RowBuffers(fields: fields)
            self.rows = rows
        }
        let values = try rows.fetchAll(from: statement, maximumBytes: maximumBytes)
        return MySQLResult(
            columns: rows.columns, values: values, warnings: Int(mysql_stmt_warning_count(statement)),
            gtid: handle.trackedGTID())
    }
}

extension UnsafeMutablePointer<MYSQL> {
    /// The columns of the result that the server has just announced. A statement's own list keeps the names of when it was prepared.
    var resultFields: UnsafeBufferPointer<MYSQL_FIELD>? {
        let count = Int(pointee.field_count)
        guard count > 0, let fields = pointee.fields else { return nil }
        return UnsafeBufferPointer(start: fields, count: count)
    }
}

extension UnsafeMutablePointer<MYSQL_STMT> {
    /// An error that comes between rows is noted on the connection alone.
    func lastError() -> MySQLError {
        if mysql_stmt_errno(self) == 0, let handle = pointee.mysql { return handle.lastError() }
        return ownError()
    }

    private func ownError() -> MySQLError {
        MySQLError.reported(
            code: .server, number: Int(mysql_stmt_errno(self)), sqlState: mysql_stmt_sqlstate(self),
            message: mysql_stmt_error(self))
    }

    /// The columns of the result; `nil` when it has none.
    var fields: UnsafeBufferPointer<MYSQL_FIELD>? {
        let count = Int(mysql_stmt_field_count(self))
        guard count > 0, let fields = mariadb_stmt_fetch_fields(self) else { return nil }
        return UnsafeBufferPointer(start: fields, count: count)
    }
}

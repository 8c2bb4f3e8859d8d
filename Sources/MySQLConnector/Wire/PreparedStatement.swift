import CMariaDB

/// A statement that the server has prepared, with the memory that its values travel through.
///
/// `start` runs it; then come `readResult` or single rows, and `nextResult` until there is none; then `finish`.
final class PreparedStatement {
    let effect: SessionEffect
    private let statement: UnsafeMutablePointer<MYSQL_STMT>
    private let handle: UnsafeMutablePointer<MYSQL>
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
        self.handle = handle
        parameters = ParameterBuffers(count: Int(mysql_stmt_param_count(statement)))
        if let fields = statement.fields { try RowBuffers.checkTypes(of: fields) }
    }

    deinit { mysql_stmt_close(statement) }

    func start(_ bindings: [MySQLValue]) throws(MySQLError) {
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
    }

    /// Goes on to the next result, of those that CALL gives: one for each SELECT, and a status at the end.
    ///
    /// - Returns: false when there is none.
    func nextResult() throws(MySQLError) -> Bool {
        guard mysql_stmt_more_results(statement) != 0 else { return false }
        guard mysql_stmt_next_result(statement) <= 0 else { throw statement.lastError() }
        return true
    }

    /// Reads, and drops, what is left of the result.
    func finish() { mysql_stmt_free_result(statement) }

    /// The columns of the result that has just begun, ready for its rows; `nil` when it has none.
    func beginRows() throws(MySQLError) -> [MySQLColumn]? {
        guard statement.fields != nil, let fields = handle.resultFields else { return nil }
        let rows: RowBuffers
        if let known = self.rows, known.match(fields) {
            rows = known
        } else {
            try RowBuffers.checkTypes(of: fields)
            rows = RowBuffers(fields: fields)
            self.rows = rows
        }
        if rows.hasVectors { statement.fetchVectorsAsBytes() }
        try rows.bind(to: statement)
        return rows.columns
    }

    /// Appends the values of the next row; false when there is none.
    func fetchRow(into values: inout [MySQLValue], bytes: inout Int) throws(MySQLError) -> Bool {
        guard let rows else { return false }
        return try rows.fetchRow(from: statement, into: &values, bytes: &bytes)
    }

    /// Passes over the next row, and tells its size in bytes; `nil` when there is none.
    func skipRow() throws(MySQLError) -> Int? { try rows?.skipRow(of: statement) }

    func readResult(maximumBytes: Int) throws(MySQLError) -> MySQLResult {
        guard let columns = try beginRows() else {
            let insertID = mysql_stmt_insert_id(statement)
            return MySQLResult(
                affectedRows: Int(clamping: mysql_stmt_affected_rows(statement)),
                lastInsertID: insertID == 0 ? nil : insertID,
                warnings: Int(mysql_stmt_warning_count(statement)), gtid: handle.trackedGTID())
        }
        var values: [MySQLValue] = []
        values.reserveCapacity(columns.count)
        var bytes = 0
        while try fetchRow(into: &values, bytes: &bytes) {
            guard bytes <= maximumBytes else {
                handle.cutOff()
                throw MySQLError.resultTooLarge(maximumBytes: maximumBytes)
            }
        }
        return MySQLResult(
            columns: columns, values: values, warnings: handle.warningsAtEndOfRows, gtid: handle.trackedGTID())
    }
}

extension UnsafeMutablePointer<MYSQL> {
    /// What the packet says that has just ended a statement's rows: 254, the number of warnings in two bytes, and two
    /// more. The library passes over it.
    var warningsAtEndOfRows: Int {
        guard let packet = pointee.net.read_pos, packet[0] == 254 else { return 0 }
        return Int(packet[1]) | Int(packet[2]) << 8
    }

    /// The columns of the result that the server has just announced. A statement's own list keeps the names of when it
    /// was prepared.
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

    /// A vector travels like a blob. The library looks into this list for how to read a value, and would crash on a
    /// type it does not know.
    func fetchVectorsAsBytes() {
        guard let fields = pointee.fields else { return }
        for index in 0..<Int(pointee.field_count) where fields[index].type == .vector {
            fields[index].type = MYSQL_TYPE_BLOB
        }
    }
}

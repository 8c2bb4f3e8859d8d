import CMariaDB

/// Runs statements over the text protocol and gives values the same types as the binary one would.
struct TextStatement {
    let handle: UnsafeMutablePointer<MYSQL>
    let maximumResultBytes: Int

    /// Reads every result; there is at least one.
    func execute(_ sql: String) throws(MySQLError) -> [MySQLResult] {
        var sql = sql
        let failed = sql.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { mysql_real_query(handle, $0.baseAddress, UInt($0.count)) }
        }
        guard failed == 0 else { throw handle.lastError() }
        var bytes = 0
        var results = [try readResult(&bytes)]
        while true {
            let step = mysql_next_result(handle)
            if step < 0 { return results }
            guard step == 0 else { throw handle.lastError() }
            results.append(try readResult(&bytes))
        }
    }

    private func readResult(_ bytes: inout Int) throws(MySQLError) -> MySQLResult {
        guard let result = mysql_use_result(handle) else {
            guard mysql_field_count(handle) == 0 else { throw handle.lastError() }
            let insertID = mysql_insert_id(handle)
            return MySQLResult(
                affectedRows: Int(clamping: mysql_affected_rows(handle)), lastInsertID: insertID == 0 ? nil : insertID,
                warnings: Int(mysql_warning_count(handle)), gtid: handle.trackedGTID())
        }
        // Also reads and drops what is left, after an error.
        defer { mysql_free_result(result) }
        let fields = UnsafeBufferPointer(start: mysql_fetch_fields(result), count: Int(mysql_num_fields(result)))
        let kinds = fields.map { ColumnKind($0) ?? .bytes }
        var values: [MySQLValue] = []
        bytes += MySQLResult.overheadBytes
        while let row = mysql_fetch_row(result) {
            guard let lengths = mysql_fetch_lengths(result) else { throw handle.lastError() }
            for (index, kind) in kinds.enumerated() {
                let value =
                    row[index].map { kind.value(text: UnsafeRawBufferPointer(start: $0, count: Int(lengths[index]))) }
                    ?? .null
                bytes += value.payloadBytes + MemoryLayout<MySQLValue>.stride
                values.append(value)
            }
            guard bytes <= maximumResultBytes else {
                handle.cutOff()
                throw MySQLError.resultTooLarge(maximumBytes: maximumResultBytes)
            }
        }
        guard mysql_errno(handle) == 0 else { throw handle.lastError() }
        return MySQLResult(
            columns: fields.map(MySQLColumn.init), values: values, warnings: Int(mysql_warning_count(handle)),
            gtid: handle.trackedGTID())
    }
}

extension ColumnKind {
    /// From the characters of the text protocol. What does not read as its type stays text.
    func value(text bytes: UnsafeRawBufferPointer) -> MySQLValue {
        if [.decimal, .bits, .bytes].contains(self) { return value(bytes: bytes) }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .bytes(Array(bytes)) }
        let parsed: MySQLValue? =
            switch self {
            case .signedInteger: Int64(text).map(MySQLValue.int)
            case .unsignedInteger: UInt64(text).map(MySQLValue.uint)
            case .float: Float(text).map(MySQLValue.float)
            case .double: Double(text).map(MySQLValue.double)
            case .date: MySQLDate(text: text).map(MySQLValue.date)
            case .dateTime: MySQLDateTime(text: text).map(MySQLValue.dateTime)
            case .time: MySQLTime(text: text).map(MySQLValue.time)
            default: nil
            }
        return parsed ?? .text(text)
    }
}

import CMariaDB

/// Where a statement's rows arrive: one fixed slot per column, used for every row of every execution.
final class RowBuffers {
    let columns: [MySQLColumn]
    let hasVectors: Bool
    private let kinds: [ColumnKind]
    private let binds: UnsafeMutablePointer<MYSQL_BIND>
    private let lengths: UnsafeMutablePointer<UInt>
    private let nulls: UnsafeMutablePointer<my_bool>
    /// A slot has moved since the library was told where it is.
    private var mustBindAgain = false

    /// A text slot starts no larger than this, and grows to what the data needs.
    private static let firstTextBytes = 512
    /// Values above this are fetched by themselves, so that one large value does not stay in memory for ever.
    private static let largestTextBytes = 64 << 10

    init(fields: UnsafeBufferPointer<MYSQL_FIELD>) {
        columns = fields.map(MySQLColumn.init)
        hasVectors = fields.contains { $0.type == .vector }
        kinds = fields.map { ColumnKind($0) ?? .bytes }
        binds = .allocate(capacity: fields.count)
        lengths = .allocate(capacity: fields.count)
        nulls = .allocate(capacity: fields.count)
        binds.initialize(repeating: MYSQL_BIND(), count: fields.count)
        lengths.initialize(repeating: 0, count: fields.count)
        nulls.initialize(repeating: 0, count: fields.count)
        for (index, kind) in kinds.enumerated() {
            let bytes = kind.fixedBytes ?? min(max(Int(clamping: fields[index].length), 16), Self.firstTextBytes)
            binds[index].buffer_type = kind.bufferType
            binds[index].is_unsigned = kind == .unsignedInteger ? 1 : 0
            binds[index].buffer = .allocate(byteCount: bytes, alignment: 8)
            binds[index].buffer_length = UInt(bytes)
            binds[index].length = lengths + index
            binds[index].is_null = nulls + index
        }
    }

    deinit {
        for index in columns.indices { binds[index].buffer?.deallocate() }
        binds.deallocate()
        lengths.deallocate()
        nulls.deallocate()
    }

    /// Refuses what the library could not fetch; it would crash on a type that it does not know.
    static func checkTypes(of fields: UnsafeBufferPointer<MYSQL_FIELD>) throws(MySQLError) {
        for field in fields where ColumnKind(field) == nil {
            let column = MySQLColumn(field)
            throw MySQLError(
                code: .unsupportedType,
                message:
                    "column “\(column.name)” is of \(column.type), which cannot be read; convert it in the statement, with CAST or HEX"
            )
        }
    }

    /// Whether these are still the columns: a table may have been altered since the statement was prepared.
    func match(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) -> Bool {
        guard fields.count == columns.count else { return false }
        return fields.indices.allSatisfy { index in
            columns[index].type == MySQLDataType(fields[index])
                && columns[index].name.utf8.elementsEqual(
                    UnsafeRawBufferPointer(start: fields[index].name, count: Int(fields[index].name_length)))
        }
    }

    /// Appends the values of the next row.
    ///
    /// - Parameter bytes: grows by what the row takes in memory.
    /// - Returns: false when there are no more rows.
    func fetchRow(
        from statement: UnsafeMutablePointer<MYSQL_STMT>, into values: inout [MySQLValue], bytes: inout Int
    ) throws(MySQLError) -> Bool {
        switch mysql_stmt_fetch(statement) {
        case 0, MYSQL_DATA_TRUNCATED: break
        case MYSQL_NO_DATA: return false
        default: throw statement.lastError()
        }
        for index in kinds.indices {
            let value = try value(at: index, of: statement)
            bytes += value.payloadBytes
            values.append(value)
        }
        bytes += kinds.count * MemoryLayout<MySQLValue>.stride
        // Not before the row is read: binding makes the library forget where the row's values lie.
        if mustBindAgain { try bind(to: statement) }
        return true
    }

    /// Passes over the next row.
    ///
    /// - Returns: about how many bytes it had; `nil` when there are no more rows.
    func skipRow(of statement: UnsafeMutablePointer<MYSQL_STMT>) throws(MySQLError) -> Int? {
        switch mysql_stmt_fetch(statement) {
        case 0, MYSQL_DATA_TRUNCATED: return kinds.indices.reduce(kinds.count) { $0 + Int(lengths[$1]) }
        case MYSQL_NO_DATA: return nil
        default: throw statement.lastError()
        }
    }

    func bind(to statement: UnsafeMutablePointer<MYSQL_STMT>) throws(MySQLError) {
        mustBindAgain = false
        guard mysql_stmt_bind_result(statement, binds) == 0 else { throw statement.lastError() }
    }

    private func value(at index: Int, of statement: UnsafeMutablePointer<MYSQL_STMT>) throws(MySQLError) -> MySQLValue {
        guard nulls[index] == 0, let buffer = binds[index].buffer else { return .null }
        let kind = kinds[index]
        if kind.fixedBytes != nil { return kind.value(fixed: buffer) }
        let length = Int(lengths[index])
        if length <= Int(binds[index].buffer_length) {
            return kind.value(bytes: UnsafeRawBufferPointer(start: buffer, count: length))
        }
        return try largeValue(at: index, byteCount: length, of: statement)
    }

    private func largeValue(
        at index: Int, byteCount: Int, of statement: UnsafeMutablePointer<MYSQL_STMT>
    ) throws(MySQLError) -> MySQLValue {
        let large = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 8)
        var bind = binds[index]
        bind.buffer = large.baseAddress
        bind.buffer_length = UInt(byteCount)
        let failed = mysql_stmt_fetch_column(statement, &bind, UInt32(index), 0) != 0
        defer { if binds[index].buffer != large.baseAddress { large.deallocate() } }
        guard !failed else { throw statement.lastError() }
        let value = kinds[index].value(bytes: UnsafeRawBufferPointer(large))
        if byteCount <= Self.largestTextBytes {
            binds[index].buffer?.deallocate()
            binds[index].buffer = large.baseAddress
            binds[index].buffer_length = UInt(byteCount)
            mustBindAgain = true
        }
        return value
    }
}

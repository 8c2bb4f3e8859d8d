import CMariaDB

/// Where bound values lie while the library sends them: one block of MYSQL_BIND, and one of bytes.
final class ParameterBuffers {
    let count: Int
    let binds: UnsafeMutablePointer<MYSQL_BIND>
    private var arena: UnsafeMutableRawBufferPointer
    /// A block above this is given back after use, so that one large value is not kept for ever.
    private static let keptBytes = 64 << 10

    init(count: Int) {
        self.count = count
        binds = .allocate(capacity: max(1, count))
        binds.initialize(repeating: MYSQL_BIND(), count: max(1, count))
        arena = .allocate(byteCount: 0, alignment: 8)
    }

    deinit {
        binds.deallocate()
        arena.deallocate()
    }

    func fill(_ values: [MySQLValue]) {
        reserve(values.reduce(0) { $0 + Self.slotBytes($1) })
        var offset = 0
        for (index, value) in values.enumerated() {
            let slot = UnsafeMutableRawBufferPointer(rebasing: arena[offset...])
            binds[index] = Self.bind(value, in: slot)
            offset += Self.slotBytes(value)
        }
    }

    func shrink() {
        guard arena.count > Self.keptBytes else { return }
        arena.deallocate()
        arena = .allocate(byteCount: 0, alignment: 8)
    }

    private func reserve(_ bytes: Int) {
        guard bytes > arena.count else { return }
        arena.deallocate()
        arena = .allocate(byteCount: max(bytes, 64), alignment: 8)
    }

    private static func slotBytes(_ value: MySQLValue) -> Int {
        switch value {
        case .null: 0
        case .int, .uint, .float, .double: 8
        case .date, .dateTime: (MemoryLayout<MYSQL_TIME>.size + 7) & ~7
        case .time: 24
        case .decimal, .text, .bytes: (value.payloadBytes + 7) & ~7
        }
    }

    private static func bind(_ value: MySQLValue, in slot: UnsafeMutableRawBufferPointer) -> MYSQL_BIND {
        switch value {
        case .null: bind(MYSQL_TYPE_NULL, slot, 0)
        case .int(let number): store(number, MYSQL_TYPE_LONGLONG, slot)
        case .uint(let number): store(number, MYSQL_TYPE_LONGLONG, slot, isUnsigned: true)
        case .float(let number): store(number, MYSQL_TYPE_FLOAT, slot)
        case .double(let number): store(number, MYSQL_TYPE_DOUBLE, slot)
        case .date(let date): store(MYSQL_TIME(date), MYSQL_TYPE_DATE, slot)
        case .dateTime(let dateTime): store(MYSQL_TIME(dateTime), MYSQL_TYPE_DATETIME, slot)
        // As text: in binary the hour has one byte, and the library's days beside it end as error 1690 at the server.
        case .time(let time): copy(time.description.utf8, MYSQL_TYPE_STRING, slot)
        case .decimal(let decimal): copy(decimal.description.utf8, MYSQL_TYPE_NEWDECIMAL, slot)
        case .text(let text): copy(text.utf8, MYSQL_TYPE_STRING, slot)
        case .bytes(let bytes): copy(bytes, MYSQL_TYPE_BLOB, slot)
        }
    }

    private static func store<Value: BitwiseCopyable>(
        _ value: Value, _ type: enum_field_types, _ slot: UnsafeMutableRawBufferPointer, isUnsigned: Bool = false
    ) -> MYSQL_BIND {
        slot.storeBytes(of: value, as: Value.self)
        return bind(type, slot, MemoryLayout<Value>.size, isUnsigned: isUnsigned)
    }

    private static func copy(
        _ bytes: some Collection<UInt8>, _ type: enum_field_types, _ slot: UnsafeMutableRawBufferPointer
    ) -> MYSQL_BIND {
        slot.copyBytes(from: bytes)
        return bind(type, slot, bytes.count)
    }

    private static func bind(
        _ type: enum_field_types, _ slot: UnsafeMutableRawBufferPointer, _ byteCount: Int, isUnsigned: Bool = false
    ) -> MYSQL_BIND {
        var bind = MYSQL_BIND()
        bind.buffer_type = type
        bind.buffer = slot.baseAddress
        bind.buffer_length = UInt(byteCount)
        // Without pointers of its own for length and NULL, the library looks at these two.
        bind.length_value = UInt(byteCount)
        bind.is_null_value = type == MYSQL_TYPE_NULL ? 1 : 0
        bind.is_unsigned = isUnsigned ? 1 : 0
        return bind
    }
}

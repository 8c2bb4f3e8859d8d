import CMariaDB

/// How a column's values are fetched and what they become.
enum ColumnKind: Equatable {
    case signedInteger, unsignedInteger, float, double, date, dateTime, time, decimal, bits, text, bytes

    /// `nil` for a type that the library does not know.
    init?(_ field: MYSQL_FIELD) {
        let isUnsigned = field.flags & UInt32(UNSIGNED_FLAG) != 0
        switch field.type {
        case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_LONG, MYSQL_TYPE_INT24, MYSQL_TYPE_LONGLONG, MYSQL_TYPE_YEAR:
            self = isUnsigned && field.type != MYSQL_TYPE_YEAR ? .unsignedInteger : .signedInteger
        case MYSQL_TYPE_FLOAT: self = .float
        case MYSQL_TYPE_DOUBLE: self = .double
        case MYSQL_TYPE_DATE, MYSQL_TYPE_NEWDATE: self = .date
        case MYSQL_TYPE_DATETIME, MYSQL_TYPE_TIMESTAMP, MYSQL_TYPE_DATETIME2, MYSQL_TYPE_TIMESTAMP2: self = .dateTime
        case MYSQL_TYPE_TIME, MYSQL_TYPE_TIME2: self = .time
        // Before the character set: DECIMAL says `binary`, as a BLOB does, and so does JSON.
        case MYSQL_TYPE_DECIMAL, MYSQL_TYPE_NEWDECIMAL: self = .decimal
        case MYSQL_TYPE_JSON: self = .text
        case MYSQL_TYPE_BIT: self = .bits
        case MYSQL_TYPE_GEOMETRY, .vector: self = .bytes
        case MYSQL_TYPE_NULL, MYSQL_TYPE_VARCHAR, MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_STRING, MYSQL_TYPE_ENUM,
            MYSQL_TYPE_SET,
            MYSQL_TYPE_TINY_BLOB, MYSQL_TYPE_MEDIUM_BLOB, MYSQL_TYPE_LONG_BLOB, MYSQL_TYPE_BLOB:
            self = field.isBinary ? .bytes : .text
        default: return nil
        }
    }

    var bufferType: enum_field_types {
        switch self {
        case .signedInteger, .unsignedInteger: MYSQL_TYPE_LONGLONG
        case .float: MYSQL_TYPE_FLOAT
        case .double: MYSQL_TYPE_DOUBLE
        case .date: MYSQL_TYPE_DATE
        case .dateTime: MYSQL_TYPE_DATETIME
        case .time: MYSQL_TYPE_TIME
        case .decimal, .text: MYSQL_TYPE_STRING
        case .bits, .bytes: MYSQL_TYPE_BLOB
        }
    }

    /// The size of values that always have the same; `nil` for texts and the like.
    var fixedBytes: Int? {
        switch self {
        case .signedInteger, .unsignedInteger, .double: 8
        case .float: 4
        case .date, .dateTime, .time: MemoryLayout<MYSQL_TIME>.size
        case .decimal, .text, .bits, .bytes: nil
        }
    }

    func value(fixed buffer: UnsafeMutableRawPointer) -> MySQLValue {
        switch self {
        case .signedInteger: .int(buffer.load(as: Int64.self))
        case .unsignedInteger: .uint(buffer.load(as: UInt64.self))
        case .float: .float(buffer.load(as: Float.self))
        case .double: .double(buffer.load(as: Double.self))
        case .date: .date(MySQLDate(buffer.load(as: MYSQL_TIME.self)))
        case .dateTime: .dateTime(MySQLDateTime(buffer.load(as: MYSQL_TIME.self)))
        case .time: .time(MySQLTime(buffer.load(as: MYSQL_TIME.self)))
        case .decimal, .text, .bits, .bytes: .null
        }
    }

    func value(bytes: UnsafeRawBufferPointer) -> MySQLValue {
        switch self {
        case .decimal: .decimal(MySQLDecimal(unchecked: String(decoding: bytes, as: UTF8.self)))
        // Big-endian, as many bytes as the width needs.
        case .bits: .uint(bytes.reduce(0) { $0 << 8 | UInt64($1) })
        case .bytes: .bytes(Array(bytes))
        default: Self.text(bytes)
        }
    }
}

extension ColumnKind {
    /// What a server sends as text and is none stays as it came: mended, it would be another text.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> MySQLValue {
        // `String(validating:)` takes twice as long, for it asks the runtime for types.
        guard let text = try? UTF8Span(validating: bytes.assumingMemoryBound(to: UInt8.self).span) else {
            return .bytes(Array(bytes))
        }
        return .text(String(copying: text))
    }
}

extension enum_field_types {
    /// MySQL's type for vectors. Connector/C has no name for it, and does not know how to fetch it.
    static let vector = enum_field_types(242)
}

extension MYSQL_FIELD {
    /// Character set 63 is `binary`.
    var isBinary: Bool { charsetnr == 63 }
}

extension MySQLDataType {
    init(_ field: MYSQL_FIELD) {
        self.init(
            rawValue: UInt8(truncatingIfNeeded: field.type.rawValue),
            isUnsigned: field.flags & UInt32(UNSIGNED_FLAG) != 0,
            isBinary: field.isBinary)
    }
}

extension MySQLColumn {
    init(_ field: MYSQL_FIELD) {
        let name = UnsafeRawBufferPointer(start: field.name, count: Int(field.name_length))
        self.init(name: String(decoding: name, as: UTF8.self), type: MySQLDataType(field))
    }
}

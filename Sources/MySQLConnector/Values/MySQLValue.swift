/// One value as MySQL sends or takes it.
public enum MySQLValue: Sendable, Hashable {
    case null
    /// TINYINT to BIGINT, YEAR.
    case int(Int64)
    /// The unsigned integers, BIT.
    case uint(UInt64)
    case float(Float)
    case double(Double)
    case decimal(MySQLDecimal)
    /// CHAR, VARCHAR, TEXT, ENUM, SET, JSON.
    case text(String)
    /// BINARY, VARBINARY, BLOB, GEOMETRY.
    case bytes([UInt8])
    case date(MySQLDate)
    /// DATETIME and TIMESTAMP. Sessions run in UTC, so a TIMESTAMP is UTC.
    case dateTime(MySQLDateTime)
    case time(MySQLTime)

    public var isNull: Bool { self == .null }

    /// What it takes in memory beyond the enumeration itself, about; for the bound on results.
    var payloadBytes: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .decimal(let decimal): decimal.description.utf8.count
        default: 0
        }
    }
}

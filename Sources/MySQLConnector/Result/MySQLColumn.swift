/// A column of a result.
public struct MySQLColumn: Sendable, Hashable {
    /// As the statement names it.
    public let name: String
    public let type: MySQLDataType
}

/// A column's type, as the server reports it.
public struct MySQLDataType: Sendable, Hashable, CustomStringConvertible {
    /// The protocol's number, such as 8 for BIGINT.
    public let rawValue: UInt8
    public let isUnsigned: Bool
    /// The character set is `binary`: bytes rather than text.
    public let isBinary: Bool

    var isText: Bool { [15, 245, 247, 248, 253, 254].contains(rawValue) || (249...252).contains(rawValue) }
    var isJSON: Bool { rawValue == 245 }

    /// As in SQL: `BIGINT UNSIGNED`, `DATETIME`, `BLOB`.
    public var description: String {
        let name =
            switch rawValue {
            case 0, 246: "DECIMAL"
            case 1: "TINYINT"
            case 2: "SMALLINT"
            case 3: "INT"
            case 4: "FLOAT"
            case 5: "DOUBLE"
            case 6: "NULL"
            case 7, 17: "TIMESTAMP"
            case 8: "BIGINT"
            case 9: "MEDIUMINT"
            case 10, 14: "DATE"
            case 11, 19: "TIME"
            case 12, 18: "DATETIME"
            case 13: "YEAR"
            case 16: "BIT"
            case 242: "VECTOR"
            case 245: "JSON"
            case 247: "ENUM"
            case 248: "SET"
            case 249...252: isBinary ? "BLOB" : "TEXT"
            case 15, 253: isBinary ? "VARBINARY" : "VARCHAR"
            case 254: isBinary ? "BINARY" : "CHAR"
            case 255: "GEOMETRY"
            default: "type \(rawValue)"
            }
        return isUnsigned && (rawValue <= 5 || rawValue == 8 || rawValue == 9 || rawValue == 246)
            ? name + " UNSIGNED" : name
    }
}

extension MySQLColumn {
    /// Says what the column holds and what was asked for; never the value.
    func mismatch(_ value: MySQLValue, _ wanted: String) -> MySQLError {
        var held = value.isNull ? "NULL (\(type))" : "\(type)"
        if case .bytes = value, !type.isBinary, type.isText { held += " with bytes that are not UTF-8" }
        return MySQLError(
            code: .decodingFailed, message: "column “\(name)” is \(held) and cannot be read as \(wanted)")
    }
}

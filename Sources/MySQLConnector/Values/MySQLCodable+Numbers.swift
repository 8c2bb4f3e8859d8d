extension MySQLEncodable where Self: FixedWidthInteger {
    public var mysqlValue: MySQLValue {
        if let signed = Int64(exactly: self) { return .int(signed) }
        if let unsigned = UInt64(exactly: self) { return .uint(unsigned) }
        return .decimal(MySQLDecimal(unchecked: String(self)))
    }
}

extension MySQLDecodable where Self: FixedWidthInteger {
    /// Exactly, or not at all: no overflow, no rounding. DECIMAL counts when it is whole, because SUM of integers gives
    /// one.
    public init?(mysqlValue: MySQLValue) {
        switch mysqlValue {
        case .int(let value): self.init(exactly: value)
        case .uint(let value): self.init(exactly: value)
        case .decimal(let value):
            guard let whole = value.wholeNumber else { return nil }
            self.init(exactly: whole)
        default: return nil
        }
    }
}

extension Int: MySQLCodable {}
extension Int8: MySQLCodable {}
extension Int16: MySQLCodable {}
extension Int32: MySQLCodable {}
extension Int64: MySQLCodable {}
extension UInt: MySQLCodable {}
extension UInt8: MySQLCodable {}
extension UInt16: MySQLCodable {}
extension UInt32: MySQLCodable {}
extension UInt64: MySQLCodable {}

extension Bool: MySQLCodable {
    public var mysqlValue: MySQLValue { .int(self ? 1 : 0) }

    /// MySQL's BOOL is TINYINT: zero is false, any other integer true.
    public init?(mysqlValue: MySQLValue) {
        switch mysqlValue {
        case .int(let value): self = value != 0
        case .uint(let value): self = value != 0
        default: return nil
        }
    }
}

extension Double: MySQLCodable {
    public var mysqlValue: MySQLValue { .double(self) }

    /// From FLOAT and DOUBLE as they are, from integers exactly, from DECIMAL to the nearest (AVG gives DECIMAL).
    public init?(mysqlValue: MySQLValue) {
        switch mysqlValue {
        case .double(let value): self = value
        case .float(let value): self = Double(value)
        case .int(let value): self.init(exactly: value)
        case .uint(let value): self.init(exactly: value)
        case .decimal(let value): self.init(value.description)
        default: return nil
        }
    }
}

extension Float: MySQLCodable {
    public var mysqlValue: MySQLValue { .float(self) }

    /// From FLOAT; other numbers would lose digits without a word.
    public init?(mysqlValue: MySQLValue) {
        guard case .float(let value) = mysqlValue else { return nil }
        self = value
    }
}

extension MySQLDecimal: MySQLCodable {
    public var mysqlValue: MySQLValue { .decimal(self) }

    public init?(mysqlValue: MySQLValue) {
        switch mysqlValue {
        case .decimal(let value): self = value
        case .int(let value): self.init(unchecked: String(value))
        case .uint(let value): self.init(unchecked: String(value))
        default: return nil
        }
    }
}

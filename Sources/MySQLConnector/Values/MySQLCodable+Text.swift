extension String: MySQLCodable {
    public var mysqlValue: MySQLValue { .text(self) }

    public init?(mysqlValue: MySQLValue) {
        guard case .text(let value) = mysqlValue else { return nil }
        self = value
    }
}

extension [UInt8]: MySQLEncodable, MySQLDecodable {
    public var mysqlValue: MySQLValue { .bytes(self) }

    public init?(mysqlValue: MySQLValue) {
        guard case .bytes(let value) = mysqlValue else { return nil }
        self = value
    }
}

extension MySQLDate: MySQLCodable {
    public var mysqlValue: MySQLValue { .date(self) }

    public init?(mysqlValue: MySQLValue) {
        guard case .date(let value) = mysqlValue else { return nil }
        self = value
    }
}

extension MySQLDateTime: MySQLCodable {
    public var mysqlValue: MySQLValue { .dateTime(self) }

    /// A DATE counts as its midnight.
    public init?(mysqlValue: MySQLValue) {
        switch mysqlValue {
        case .dateTime(let value): self = value
        case .date(let value): self.init(date: value)
        default: return nil
        }
    }
}

extension MySQLTime: MySQLCodable {
    public var mysqlValue: MySQLValue { .time(self) }

    public init?(mysqlValue: MySQLValue) {
        guard case .time(let value) = mysqlValue else { return nil }
        self = value
    }
}

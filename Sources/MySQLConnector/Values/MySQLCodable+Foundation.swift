#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Data: MySQLEncodable, MySQLDecodable {
    public var mysqlValue: MySQLValue { .bytes([UInt8](self)) }

    public init?(mysqlValue: MySQLValue) {
        guard case .bytes(let value) = mysqlValue else { return nil }
        self.init(value)
    }
}

extension Decimal: MySQLEncodable, MySQLDecodable {
    public var mysqlValue: MySQLValue {
        // “NaN” is no DECIMAL: as text it is an error of the server and not a silent zero.
        MySQLDecimal(description).map(MySQLValue.decimal) ?? .text(description)
    }

    /// From DECIMAL and integers of up to 38 digits: `Decimal` holds no more. ``MySQLDecimal`` holds all.
    public init?(mysqlValue: MySQLValue) {
        guard let decimal = MySQLDecimal(mysqlValue: mysqlValue), decimal.significantDigits <= 38 else { return nil }
        self.init(string: decimal.description)
    }
}

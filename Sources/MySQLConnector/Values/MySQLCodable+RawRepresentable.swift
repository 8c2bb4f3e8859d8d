/// So that an enumeration needs nothing but to say that it is one:
/// ```swift
/// enum Status: String, MySQLCodable { case draft, published }
/// ```
extension MySQLEncodable where Self: RawRepresentable, RawValue: MySQLEncodable {
    public var mysqlValue: MySQLValue { rawValue.mysqlValue }
}

extension MySQLDecodable where Self: RawRepresentable, RawValue: MySQLDecodable {
    public init?(mysqlValue: MySQLValue) {
        guard let rawValue = RawValue(mysqlValue: mysqlValue) else { return nil }
        self.init(rawValue: rawValue)
    }
}

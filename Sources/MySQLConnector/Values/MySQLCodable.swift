/// A type whose values can be bound to a statement.
public protocol MySQLEncodable: Sendable {
    var mysqlValue: MySQLValue { get }
}

/// A type that can be made from a column's value.
public protocol MySQLDecodable {
    /// - Returns: `nil` when the value has no exact meaning in this type; the row then throws an error that names the column and both types.
    init?(mysqlValue: MySQLValue)
}

public typealias MySQLCodable = MySQLEncodable & MySQLDecodable

extension MySQLValue: MySQLEncodable, MySQLDecodable {
    public var mysqlValue: MySQLValue { self }
    public init?(mysqlValue: MySQLValue) { self = mysqlValue }
}

extension Optional: MySQLEncodable where Wrapped: MySQLEncodable {
    public var mysqlValue: MySQLValue { self?.mysqlValue ?? .null }
}

extension Optional: MySQLDecodable where Wrapped: MySQLDecodable {
    public init?(mysqlValue: MySQLValue) {
        if case .null = mysqlValue {
            self = .none
        } else if let wrapped = Wrapped(mysqlValue: mysqlValue) {
            self = .some(wrapped)
        } else {
            return nil
        }
    }
}

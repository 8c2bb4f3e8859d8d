/// A type whose values can be bound to a statement.
public protocol MySQLEncodable: Sendable {
    var mysqlValue: MySQLValue { get }
}

/// A type that can be made from a column's value.
public protocol MySQLDecodable {
    /// - Returns: `nil` when the value has no exact meaning in this type; the row then throws an error that names the
    ///   column and both types.
    init?(mysqlValue: MySQLValue)

    /// What rows call: the same as ``init(mysqlValue:)``, which is all that a type has to have.
    // It is a requirement so that the code that decodes any row, and does not know the type, need not ask the runtime
    // for `Self?` each time. That would take as long as all else about a row of a stream.
    init(exactly mysqlValue: MySQLValue) throws(MySQLNoExactMeaning)
}

/// A value has no exact meaning in the type that was asked for.
public struct MySQLNoExactMeaning: Error {
    @inlinable public init() {}
}

extension MySQLDecodable {
    @inlinable public init(exactly mysqlValue: MySQLValue) throws(MySQLNoExactMeaning) {
        guard let decoded = Self(mysqlValue: mysqlValue) else { throw MySQLNoExactMeaning() }
        self = decoded
    }
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
    @inlinable public init?(mysqlValue: MySQLValue) {
        if case .null = mysqlValue {
            self = .none
        } else if let wrapped = Wrapped(mysqlValue: mysqlValue) {
            self = .some(wrapped)
        } else {
            return nil
        }
    }

    public init(exactly mysqlValue: MySQLValue) throws(MySQLNoExactMeaning) {
        if case .null = mysqlValue { self = .none } else { self = .some(try Wrapped(exactly: mysqlValue)) }
    }
}

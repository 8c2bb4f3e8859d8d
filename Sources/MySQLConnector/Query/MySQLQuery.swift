/// A statement with its bound values.
///
/// Interpolated values are bound, never pasted:
/// ```swift
/// try await client.query("SELECT title FROM article WHERE slug = \(slug) LIMIT \(limit)")
/// ```
public struct MySQLQuery: Sendable, Hashable {
    /// The text that the server prepares, a `?` for each bound value.
    public var sql: String
    public var bindings: [MySQLValue]

    /// - Parameter unescaped: SQL text, taken as it is.
    public init(unescaped sql: String, bindings: [MySQLValue] = []) {
        self.sql = sql
        self.bindings = bindings
    }
}

extension MySQLQuery: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) { self.init(unescaped: value) }

    public init(stringInterpolation: StringInterpolation) {
        self.init(unescaped: stringInterpolation.sql, bindings: stringInterpolation.bindings)
    }

    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        var sql = ""
        var bindings: [MySQLValue] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            sql.reserveCapacity(literalCapacity + interpolationCount)
            bindings.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { sql += literal }

        /// Binds a value.
        public mutating func appendInterpolation(_ value: some MySQLEncodable) {
            sql += "?"
            bindings.append(value.mysqlValue)
        }

        /// Binds a value, or NULL.
        public mutating func appendInterpolation<Value: MySQLEncodable>(_ value: Value?) {
            sql += "?"
            bindings.append(value?.mysqlValue ?? .null)
        }

        /// Pastes text into the statement as it is. Never pass what a user typed.
        public mutating func appendInterpolation(unescaped text: String) { sql += text }
    }
}

extension MySQLQuery: CustomStringConvertible {
    /// The text, without the bound values.
    public var description: String { sql }
}

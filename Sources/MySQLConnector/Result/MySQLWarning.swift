/// What a statement did, and thinks its author should know.
public struct MySQLWarning: Sendable, Hashable {
    /// `Note`, `Warning` or `Error`.
    public var level: String
    /// The server's number, as for errors.
    public var number: Int
    /// May quote data.
    public var message: String
}

extension MySQLConnection {
    /// The warnings of the last statement, up to the server's `max_error_count`. ``MySQLResult/warnings`` says how many
    /// there were.
    public func warnings(file: String = #fileID, line: Int = #line) async throws -> [MySQLWarning] {
        try await execute("SHOW WARNINGS", file: file, line: line).map { row in
            let (level, number, message) = try row.decode((String, Int, String).self, file: file, line: line)
            return MySQLWarning(level: level, number: number, message: message)
        }
    }
}

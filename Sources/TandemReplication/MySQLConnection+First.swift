import MySQLConnector

extension MySQLConnection {
    /// The first column of the first row; nil for no row or NULL.
    func first<T: MySQLDecodable>(_ sql: String, as type: T.Type) async throws -> T? {
        guard let row = try await execute(sql).first, let column = row.columns.first else { return nil }
        return try row.decode(column.name, as: T?.self)
    }
}

public import MySQLConnector

/// What `SHOW REPLICA STATUS` says.
public struct ReplicaStatus: Sendable, Equatable {
    public var sourceAddress: String
    public var sourcePort: Int
    /// `Yes`, `No` or `Connecting`.
    public var receiver: String
    /// `Yes` or `No`.
    public var applier: String
    /// The last error of either, when there is one.
    public var error: String?

    public var isStreaming: Bool { receiver == "Yes" && applier == "Yes" }

    /// nil: the server follows nobody.
    public static func read(_ connection: MySQLConnection) async throws -> ReplicaStatus? {
        guard let row = try await connection.execute("SHOW REPLICA STATUS").first else { return nil }
        let errors = [
            try row.decode("Last_IO_Error", as: String?.self), try row.decode("Last_SQL_Error", as: String?.self),
        ]
        return ReplicaStatus(
            sourceAddress: try row.decode("Source_Host", as: String.self),
            sourcePort: try row.decode("Source_Port", as: Int.self),
            receiver: try row.decode("Replica_IO_Running", as: String.self),
            applier: try row.decode("Replica_SQL_Running", as: String.self),
            error: errors.compactMap(\.self).first { !$0.isEmpty })
    }
}

extension MySQLConnection {
    /// The first column of the first row; nil for no row or NULL.
    func first<T: MySQLDecodable>(_ sql: String, as type: T.Type) async throws -> T? {
        guard let row = try await execute(sql).first, let column = row.columns.first else { return nil }
        return try row.decode(column.name, as: T?.self)
    }
}

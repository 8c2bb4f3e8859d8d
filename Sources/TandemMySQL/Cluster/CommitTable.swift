import MySQLConnector

/// The table that says which transactions were committed.
struct CommitTable: Sendable {
    let name: String

    static let noSuchTable = 1146
    static let duplicateKey = 1062
    /// Rows deleted by one statement.
    static let sweepRows = 1000

    var definition: String {
        """
        CREATE TABLE IF NOT EXISTS \(name) (
            id BINARY(16) NOT NULL PRIMARY KEY,
            committed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
            KEY committed_at (committed_at)
        )
        """
    }

    func sweep(olderThan retention: Duration) -> MySQLQuery {
        """
        DELETE FROM \(unescaped: name)
        WHERE committed_at < CURRENT_TIMESTAMP(3) - INTERVAL \(Int(retention / .seconds(1))) SECOND
        ORDER BY committed_at LIMIT \(Self.sweepRows)
        """
    }
}

/// One transaction's row in that table.
struct CommitRecord: Sendable {
    let table: CommitTable
    let id: [UInt8]

    init(table: CommitTable) {
        self.table = table
        id = (0..<16).map { _ in UInt8.random(in: 0...255) }
    }

    var insertion: MySQLQuery { "INSERT INTO \(unescaped: table.name) (id) VALUES (\(id))" }

    /// - Returns: a position that has the transaction, if it was committed; `nil` when it was not, and never will be.
    /// - Throws: 3572 while the transaction has not ended: it holds the row's lock until then.
    func find(on connection: MySQLConnection) async throws -> String? {
        let rows = try await connection.query(
            "SELECT 1 FROM \(unescaped: table.name) WHERE id = \(id) FOR SHARE NOWAIT")
        guard !rows.isEmpty else { return nil }
        // Its own GTID went with the lost answer.
        let executed = try await connection.query("SELECT @@GLOBAL.gtid_executed")
        return try executed.first?.decode((String).self) ?? ""
    }
}

import Glibc
import MySQLConnector

/// Data that comes from elsewhere, with which a stack is to go on.
extension CloneSwap {
    /// Gives the data this stack's password of `root`, without knowing the one that it has; with the data's server
    /// down.
    ///
    /// Data that no stack of Tandem has written may hold rows that its binary log never had, so that nobody could
    /// follow it from the beginning. All its logs are purged, which leaves a copy as the only way to join it.
    public func takeUp() async throws {
        try DataFolder(folders.data).checkServerIsDown("take up")
        let initFile = "\(program.socket).sql"
        let account = "'root'@'localhost'"
        let statements = [
            "SET SESSION sql_log_bin = OFF", "CREATE USER IF NOT EXISTS \(account)",
            "ALTER USER \(account) IDENTIFIED BY \(SQLText.literal(rootPassword)) ACCOUNT UNLOCK",
            "GRANT ALL ON *.* TO \(account) WITH GRANT OPTION",
        ]
        try DurableFile.replace(initFile, with: Array(statements.map { "\($0);\n" }.joined().utf8))
        defer { unlink(initFile) }
        try await serve(
            folders.data, password: rootPassword,
            arguments: [
                "--init-file=\(initFile)", "--super-read-only=OFF", "--read-only=OFF", "--offline-mode=OFF",
                // There is nobody to wait for.
                "--loose-rpl-semi-sync-source-enabled=OFF",
            ], signal: SIGTERM
        ) { try await purgeForeignLogs($0) }
    }

    private func purgeForeignLogs(_ connection: MySQLConnection) async throws {
        let ours = """
            SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'tandem' AND table_name = 'heartbeat'
            """
        guard try await connection.first(ours, as: Int.self) == 0 else { return }
        if try await connection.first("SELECT @@GLOBAL.gtid_executed", as: String.self) == "" {
            // What it logged has no GTIDs, so nobody could follow it anyway.
            try await connection.execute("RESET BINARY LOGS AND GTIDS")
        }
        // At least one transaction that whoever has no copy of this data lacks.
        try await connection.execute("CREATE DATABASE IF NOT EXISTS tandem CHARACTER SET utf8mb4")
        try await connection.execute("FLUSH BINARY LOGS")
        guard let row = try await connection.execute("SHOW BINARY LOG STATUS").first else {
            throw DataError("the data's binary log is off")
        }
        let newest = try row.decode("File", as: String.self)
        try await connection.execute("PURGE BINARY LOGS TO \(SQLText.literal(newest))")
    }
}

public import MySQLConnector

/// What a server is told when it is the primary. Every server boots closed (see its my.cnf); these open and close it.
public enum PrimaryRole {
    /// Lets the server write without anybody's acknowledgement: alone, or before a partner has joined.
    public static func openSolo(_ connection: MySQLConnection) async throws {
        // The source side goes first: with it on, the first write would wait for ever.
        try await connection.execute("SET GLOBAL rpl_semi_sync_source_enabled = OFF")
        try await open(connection)
    }

    /// Lets the server write as one of a pair: a commit is acknowledged once the partner has it.
    public static func openPaired(_ connection: MySQLConnection) async throws {
        try await connection.execute("SET GLOBAL rpl_semi_sync_source_enabled = ON")
        try await open(connection)
    }

    private static func open(_ connection: MySQLConnection) async throws {
        // super_read_only = OFF alone would leave read_only on.
        try await connection.execute("SET GLOBAL read_only = OFF")
        try await connection.execute("SET GLOBAL offline_mode = OFF")
    }

    /// From now on every commit waits for the partner. Follow it with a heartbeat: when that is acknowledged, all
    /// before it is on the partner too.
    public static func awaitAcknowledgements(_ connection: MySQLConnection) async throws {
        try await connection.execute("SET GLOBAL rpl_semi_sync_source_enabled = ON")
    }

    /// How many replicas are connected that acknowledge.
    public static func acknowledgingReplicas(_ connection: MySQLConnection) async throws -> Int {
        let rows = try await connection.execute("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_clients'")
        guard let row = rows.first else { return 0 }
        return Int(try row.decode("Value", as: String.self)) ?? 0
    }

    /// Closes the server to ordinary clients and to writes.
    ///
    /// When this returns no commit is in flight, so the server may be stopped with SIGTERM. When it throws, a commit
    /// may still be waiting for its acknowledgement: then only SIGKILL is safe, since an orderly shutdown would
    /// acknowledge it.
    public static func fence(_ connection: MySQLConnection) async throws {
        // super_read_only waits behind a commit that waits; without this bound it would wait with it.
        try await connection.execute("SET SESSION lock_wait_timeout = 2")
        try await connection.execute("SET GLOBAL offline_mode = ON")
        try await connection.execute("SET GLOBAL super_read_only = ON")
    }

    /// Ends the connections over which replicas follow, and returns once they have ended, or after half a second. Replicas try again
    /// after a second.
    ///
    /// A server that is told to stop while it has one waits up to 10 s for all its other sessions first (measured with 9.7), and also for
    /// one that was killed a moment ago.
    public static func disconnectReplicas(_ connection: MySQLConnection) async throws {
        for _ in 0..<25 {
            let rows = try await connection.execute("SHOW PROCESSLIST").filter {
                try $0.decode("Command", as: String.self).hasPrefix("Binlog Dump")
            }
            guard !rows.isEmpty else { return }
            for row in rows {
                do {
                    try await connection.execute("KILL \(try row.decode("Id", as: Int.self))")
                } catch let error as MySQLError where error.serverErrorNumber == 1094 {
                    // It has ended meanwhile.
                }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

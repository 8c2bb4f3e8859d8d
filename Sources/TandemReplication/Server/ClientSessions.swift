public import MySQLConnector

/// Ordinary clients' sessions at a server: those of no agent, no replica and no administrator.
public enum ClientSessions {
    /// How long an agent waits from one read of `innodb_trx` to the next. InnoDB fills that table anew only when no
    /// session has read it for 100 ms (`CACHE_MIN_IDLE_TIME_US` in trx0i_s.cc; measured with 9.7). An agent that reads
    /// it more often never sees a transaction end.
    public static let transactionLookPause = Duration.milliseconds(110)

    /// Whether none has a statement or a login on its way.
    /// - Parameter idleSeconds: how long a session has been silent that counts as idle.
    public static func areSilent(since idleSeconds: Int = 0, on connection: MySQLConnection) async -> Bool {
        await isZero(
            """
            SELECT COUNT(*) FROM information_schema.processlist AS session
            WHERE (session.command <> 'Sleep' OR session.time < \(idleSeconds)) AND \(isClient)
            """, connection)
    }

    /// Whether none has a transaction on its way, as InnoDB shows it; see `transactionLookPause`.
    public static func areOutOfTransactions(on connection: MySQLConnection) async -> Bool {
        await isZero(
            """
            SELECT COUNT(*) FROM information_schema.processlist AS session
            JOIN information_schema.innodb_trx AS work ON work.trx_mysql_thread_id = session.id WHERE \(isClient)
            """, connection)
    }

    /// Where it cannot be read (see `AgentSessions.list`), a client runs a statement.
    private static func isZero(_ count: String, _ connection: MySQLConnection) async -> Bool {
        (try? await connection.first(count, as: Int.self)) == 0
    }

    private static let isClient = """
        session.user NOT IN (\(DatabaseUser.notClients.map { "'\($0)'" }.joined(separator: ", ")))
        AND session.user NOT LIKE '\(ReplicationAccount.pattern)'
        """
}

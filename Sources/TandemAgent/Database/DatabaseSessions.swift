import MySQLConnector
import TandemReplication

/// The ordinary sessions of a server that is about to stop.
struct DatabaseSessions {
    let connection: MySQLConnection

    /// By then every router was told, or has asked for its verdict.
    private static let leastWait = Duration.milliseconds(300)
    /// A transaction that takes longer is cut.
    private static let mostWait = Duration.seconds(3)
    /// A session that is silent for this long is an idle one of a pool, which the app would keep open without end.
    private static let idleSeconds = 2

    /// Returns when none of them is at work any more, or after a bound.
    func finish() async throws {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < Self.mostWait {
            try await Task.sleep(for: .milliseconds(50))
            let isAtWork = try await busy() > 0
            if !isAtWork, ContinuousClock.now - start >= Self.leastWait { return }
        }
    }

    private func busy() async throws -> Int {
        do {
            return try await connection.execute(Self.sessionsAtWork).first?.decode("busy", as: Int.self) ?? 0
        } catch let error as MySQLError where error.serverErrorNumber == 3854 {
            // It cannot be read while one runs a statement with bytes that are no text.
            return 1
        }
    }

    private static let sessionsAtWork = """
        SELECT COUNT(*) AS busy FROM information_schema.processlist AS session
        LEFT JOIN information_schema.innodb_trx AS work ON work.trx_mysql_thread_id = session.id
        WHERE session.user NOT IN ('system user', 'event_scheduler', '\(DatabaseUser.root)',
            '\(DatabaseUser.replication)', '\(DatabaseUser.clone)', '\(DatabaseUser.monitor)')
        AND (session.command <> 'Sleep' OR work.trx_id IS NOT NULL OR session.time < \(idleSeconds))
        """
}

import MySQLConnector

/// Sessions of the agents at a host's server, as its process list shows them.
enum AgentSessions {
    /// What an agent that had to come as root names as its database.
    static let rootDatabase = "performance_schema"

    /// - Parameter own: the connections that are to stay.
    static func others(than own: [UInt64]) -> String {
        """
        SELECT id FROM information_schema.processlist WHERE (user = '\(DatabaseUser.agent)'
        OR (user = '\(DatabaseUser.root)' AND db = '\(rootDatabase)')) AND id <> CONNECTION_ID()
        AND id NOT IN (\((own + [0]).map(String.init).joined(separator: ", ")))
        """
    }

    /// A killed session in a commit can do nothing but commit.
    static let canStillAct = """
        NOT (command = 'Killed' AND (state LIKE 'Waiting for semi-sync ACK%' OR state = 'waiting for handler commit'))
        """

    /// A commit waits for its acknowledgement. Of several that wait only the first shows it.
    static let waitsForAcknowledgement = "state LIKE 'Waiting for semi-sync ACK%' AND user <> 'system user'"

    /// How many clients have a statement, a transaction or a login on its way.
    static let clientsAtWork = """
        SELECT COUNT(*) FROM information_schema.processlist AS session
        LEFT JOIN information_schema.innodb_trx AS work ON work.trx_mysql_thread_id = session.id
        WHERE session.user NOT IN ('system user', 'event_scheduler', '\(DatabaseUser.root)', '\(DatabaseUser.agent)',
            '\(DatabaseUser.closer)', '\(DatabaseUser.clone)', '\(DatabaseUser.monitor)')
        AND session.user NOT LIKE '\(ReplicationAccount.pattern)'
        AND (session.command <> 'Sleep' OR work.trx_id IS NOT NULL)
        """

    static func numbers(_ sql: String, on connection: MySQLConnection) async throws -> [UInt64] {
        try await connection.execute(sql).map { try $0.decode("id", as: UInt64.self) }
    }

    static func kill(_ id: UInt64, on connection: MySQLConnection) async throws {
        do {
            try await connection.execute("KILL \(id)")
        } catch let error as MySQLError where error.serverErrorNumber == 1094 {
            // It is gone already.
        }
    }
}

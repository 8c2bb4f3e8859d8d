import MySQLConnector

/// Sessions of the agents at a host's server, as its process list shows them.
enum AgentSessions {
    /// What an agent that had to come as root names as its database.
    static let rootDatabase = "performance_schema"

    /// - Parameter own: the connections that are to stay.
    static func others(than own: [UInt64], on connection: MySQLConnection) async throws -> [UInt64] {
        try await list(connection).filter { session in
            let isAgent =
                session.user == DatabaseUser.agent
                || (session.user == DatabaseUser.root && session.database == rootDatabase)
            return isAgent && session.id != connection.connectionID && !own.contains(session.id)
        }.map(\.id)
    }

    /// All that there are. The table of the same content cannot be read (error 3854, measured with 9.7) while any
    /// session runs a statement with bytes that are no text, as prepared ones with binary parameters are.
    static func list(_ connection: MySQLConnection) async throws -> [AgentSessions.Session] {
        try await connection.execute("SHOW PROCESSLIST").map { row in
            Session(
                id: try row.decode("Id", as: UInt64.self), user: try row.decode("User", as: String?.self) ?? "",
                database: try row.decode("db", as: String?.self), command: try row.decode("Command", as: String.self),
                seconds: try row.decode("Time", as: Int?.self) ?? 0,
                state: try row.decode("State", as: String?.self) ?? "")
        }
    }

    struct Session: Sendable {
        var id: UInt64
        var user: String
        var database: String?
        var command: String
        var seconds: Int
        var state: String

        private var isInSemiSync: Bool { state.hasPrefix("Waiting for semi-sync ACK") }

        /// A killed session in a commit can do nothing but commit.
        var canStillAct: Bool {
            !(command == "Killed" && (isInSemiSync || state.lowercased() == "waiting for handler commit"))
        }

        /// The applier's thread that reads the relay log has read all of it.
        var isApplierAtTheEnd: Bool { user == "system user" && state.hasPrefix("Replica has read all relay log") }

        /// An ordinary client that ran a statement within the last second: of no agent, no replica and no
        /// administrator.
        var isClientAtWork: Bool {
            DatabaseUser.isClient(user) && (command != "Sleep" || seconds < 1)
        }

        /// A commit waits for its acknowledgement. Of several that wait only the first shows it.
        var waitsForAcknowledgement: Bool { isInSemiSync && user != "system user" }
    }

    static func kill(_ id: UInt64, on connection: MySQLConnection) async throws {
        do {
            try await connection.execute("KILL \(id)")
        } catch let error as MySQLError where error.serverErrorNumber == 1094 {
            // It is gone already.
        }
    }
}

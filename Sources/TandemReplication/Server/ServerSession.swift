import Logging
import MySQLConnector

/// A connection of an agent to its own server, kept open. While a commit waits that changes accounts, MySQL lets nobody
/// in: whoever is to get it out of that must be in already.
actor ServerSession {
    private let settings: DatabaseServerSettings
    private let bound: Duration
    /// What every new connection begins with.
    private let setUp: [String]
    private let logger: Logger
    private var connection: MySQLConnection?
    private var opening: Task<MySQLConnection, any Error>?
    /// As root, because the agents' account was not there.
    private var isRoot = false

    init(_ settings: DatabaseServerSettings, bound: Duration, setUp: [String], logger: Logger) {
        self.settings = settings
        self.bound = bound
        self.setUp = setUp
        self.logger = logger
    }

    var id: UInt64? { connection?.connectionID }

    /// The open connection, or a new one.
    func open() async throws -> MySQLConnection {
        if let connection, connection.isUsable { return connection }
        if let opening { return try await opening.value }
        let attempt = Task { try await self.connect() }
        opening = attempt
        defer { opening = nil }
        let new = try await attempt.value
        connection = new
        return new
    }

    /// Gives the open connection away, to be used elsewhere.
    func give() -> MySQLConnection? {
        defer { connection = nil }
        return connection.flatMap { $0.isUsable ? $0 : nil }
    }

    func take(_ connection: MySQLConnection) { self.connection = connection }

    func close() async {
        let last = connection
        connection = nil
        await last?.close()
    }

    /// A session of root's is not ended by the agent after this one once the agents' account is there.
    func closeIfRoot() async { if isRoot { await close() } }

    private func connect() async throws -> MySQLConnection {
        let new = try await logIn()
        do {
            for statement in setUp { try await new.execute(statement) }
            return new
        } catch {
            await new.close()
            throw error
        }
    }

    private func logIn() async throws -> MySQLConnection {
        do {
            let new = try await MySQLConnection.connect(
                configuration(DatabaseUser.agent, settings.agentPassword), logger: logger)
            isRoot = false
            return new
        } catch let error as MySQLError where error.serverErrorNumber == 1045 {
            // By this database the sessions of agents are told from those of people, see `killSessions`.
            var root = configuration(DatabaseUser.root, settings.bootstrap.secrets.root)
            root.database = AgentSessions.rootDatabase
            let new = try await MySQLConnection.connect(root, logger: logger)
            isRoot = true
            return new
        }
    }

    private func configuration(_ user: String, _ password: String) -> MySQLConfiguration {
        var configuration = MySQLConfiguration(
            address: .unixSocket(settings.socketPath), username: user, password: password, tls: .disable)
        configuration.connectTimeout = .seconds(1)
        configuration.queryTimeout = bound
        return configuration
    }
}

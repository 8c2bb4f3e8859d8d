public import MySQLConnector

/// Makes the users and tables of a new stack, on its first primary, before anything else is written.
///
/// Everything in here may be run again after an interruption: it ends in the same state.
public struct Bootstrap: Sendable {
    public var database: String
    /// The user who may do all in the app's database, and nothing elsewhere.
    public var appUser: String
    /// The user who may only SELECT there.
    public var appReadUser: String
    public var secrets: DatabaseSecrets

    public init(database: String, appUser: String, appReadUser: String, secrets: DatabaseSecrets) {
        self.database = database
        self.appUser = appUser
        self.appReadUser = appReadUser
        self.secrets = secrets
    }

    /// What a stack's first primary is given.
    var stackStatements: [String] { agentsSchema + databaseStatements + copier + monitor }

    private var agentsSchema: [String] {
        ["CREATE DATABASE IF NOT EXISTS tandem CHARACTER SET utf8mb4", Heartbeat.createTable]
    }

    private var monitor: [String] {
        serviceUser(
            DatabaseUser.monitor, secrets.monitor,
            grants: [
                "PROCESS, REPLICATION CLIENT, CONNECTION_ADMIN ON *.*", "SELECT ON performance_schema.*",
                "SELECT ON tandem.*",
            ])
    }

    private var copier: [String] {
        serviceUser(DatabaseUser.clone, secrets.clone, grants: ["BACKUP_ADMIN, CONNECTION_ADMIN ON *.*"])
    }

    /// What a pair needs that no agent looks after: the app's database and users, and those of replication.
    public var plainStatements: [String] {
        databaseStatements
            + serviceUser(
                DatabaseUser.replication, secrets.replication,
                // Without CONNECTION_ADMIN offline_mode would lock the replica out of a closed primary.
                grants: ["REPLICATION SLAVE, CONNECTION_ADMIN ON *.*"])
            + copier
    }

    private var databaseStatements: [String] {
        let app = user(appUser, secrets.app)
        let reader = user(appReadUser, secrets.appRead)
        let schema = SQLText.pattern(database)
        return ["CREATE DATABASE IF NOT EXISTS \(SQLText.identifier(database)) CHARACTER SET utf8mb4"]
            + app.create + ["GRANT ALL ON \(schema).* TO \(app.account)"]
            + reader.create + ["GRANT SELECT ON \(schema).* TO \(reader.account)"]
    }

    /// Users of earlier versions required TLS themselves. See `user`.
    /// - Parameter connection: as root, to a server that takes writes.
    public func renew(_ connection: MySQLConnection) async throws {
        let names = [appUser, appReadUser].map(SQLText.literal).joined(separator: ", ")
        let rows = try await connection.execute(
            "SELECT user FROM mysql.user WHERE user IN (\(names)) AND host = '%' AND ssl_type <> ''")
        for row in rows {
            let name = try row.decode("user", as: String.self)
            try await connection.execute("ALTER USER \(SQLText.literal(name))@'%' REQUIRE NONE")
        }
    }

    func serviceUser(_ name: String, _ password: String, grants: [String]) -> [String] {
        let user = user(name, password)
        return user.create + grants.map { "GRANT \($0) TO \(user.account)" }
    }

    private func user(_ name: String, _ password: String) -> (account: String, create: [String]) {
        // The server lets nobody in without TLS (require_secure_transport) and says so. A user who required it as well
        // would be told that the password is wrong.
        let account = "\(SQLText.literal(name))@'%'"
        let password = SQLText.literal(password)
        return (
            account,
            [
                "CREATE USER IF NOT EXISTS \(account) IDENTIFIED BY \(password) REQUIRE NONE",
                "ALTER USER \(account) IDENTIFIED BY \(password) REQUIRE NONE",
            ]
        )
    }
}

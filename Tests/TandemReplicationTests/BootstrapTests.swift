import MySQLConnector
import MySQLTestServer
import Testing

@testable import TandemReplication

@Suite("The users of a new stack")
struct BootstrapTests {
    private let bootstrap = Bootstrap(
        database: "my_app", appUser: "my_app", appReadUser: "my_app_read", secrets: secrets)

    /// Two databases beside the app's own: one that resembles it where `_` stands for any character.
    private static let prepared = Task {
        let server = try await SharedServer.server
        try server.sql("CREATE DATABASE myxapp; CREATE TABLE myxapp.t (id INT PRIMARY KEY)")
        return server
    }

    private func ready() async throws -> MySQLTestServer {
        let server = try await Self.prepared.value
        try await server.with { try await bootstrap.run($0) }
        return server
    }

    private func state(_ server: MySQLTestServer) throws -> String {
        // The salt of a password's hash is another one each time.
        let users = try server.sql(
            "SELECT user, host, plugin, ssl_type, account_locked FROM mysql.user WHERE user NOT LIKE 'other%' ORDER BY user, host"
        )
        let grants = try DatabaseUser.all(bootstrap).map { try server.sql("SHOW GRANTS FOR '\($0)'@'%'") }
        return ([users] + grants + [try server.sql("SHOW CREATE TABLE tandem.heartbeat; SHOW CREATE DATABASE my_app")])
            .joined()
    }

    @Test("are the same however often they are made")
    func twice() async throws {
        let server = try await ready()
        let first = try state(server)
        try await server.with { try await bootstrap.run($0) }
        #expect(try state(server) == first)
        #expect(first.contains("my\\\\_app") || first.contains("my\\_app"))
    }

    @Test("get new passwords when those change")
    func passwords() async throws {
        let server = try await ready()
        // Users of its own, since the other tests log in meanwhile.
        var other = Bootstrap(database: "other", appUser: "other", appReadUser: "other_read", secrets: secrets)
        try await server.with { try await other.run($0) }
        other.secrets.app = "new"
        try await server.with { try await other.run($0) }
        let works = try await server.with(server.configuration("other", "new")) { _ in true }
        #expect(works)
        let old = server.configuration("other", secrets.app)
        await #expect(throws: MySQLError.self) { try await server.with(old) { _ in } }
    }

    @Test("do all in the app's own database, as the app's user, and nothing in any other")
    func app() async throws {
        let server = try await ready()
        try await server.with(server.configuration("my_app", secrets.app, database: "my_app")) { connection in
            try await connection.execute("CREATE TABLE IF NOT EXISTS own (id INT PRIMARY KEY, v TEXT)")
            try await connection.execute("REPLACE INTO own VALUES (1, 'x')")
            try await connection.execute("ALTER TABLE own COMMENT 'mine'")
            for statement in [
                "SELECT * FROM myxapp.t", "SELECT * FROM mysql.user", "SELECT * FROM tandem.heartbeat",
                "CREATE DATABASE more", "SET GLOBAL max_connections = 1", "CREATE USER eve",
                "GRANT SELECT ON my_app.* TO my_app_read", "SET GLOBAL super_read_only = OFF",
            ] {
                await #expect(throws: MySQLError.self, "\(statement)") { try await connection.execute(statement) }
            }
        }
    }

    @Test("only read, as the app's user for reading")
    func reader() async throws {
        let server = try await ready()
        try await server.with(server.configuration("my_app", secrets.app, database: "my_app")) { connection in
            try await connection.execute("CREATE TABLE IF NOT EXISTS seen (id INT PRIMARY KEY)")
            try await connection.execute("REPLACE INTO seen VALUES (7)")
        }
        try await server.with(server.configuration("my_app_read", secrets.appRead, database: "my_app")) { connection in
            let row = try #require(try await connection.execute("SELECT id FROM seen").first)
            #expect(try row.decode("id", as: Int.self) == 7)
            for statement in [
                "INSERT INTO seen VALUES (8)", "DELETE FROM seen", "DROP TABLE seen",
                "CREATE TABLE more (id INT PRIMARY KEY)",
                "LOCK TABLES seen WRITE", "SELECT * FROM myxapp.t", "SELECT * FROM seen INTO OUTFILE '/tmp/x'",
            ] {
                await #expect(throws: MySQLError.self, "\(statement)") { try await connection.execute(statement) }
            }
        }
    }

    @Test("are let in over TLS only, and told that it is TLS that is missing")
    func tls() async throws {
        let server = try await ready()
        let plain = ["--ssl-mode=DISABLED", "--get-server-public-key", "-h", server.address, "-P", "\(server.port)"]
        for (user, password) in [("my_app", secrets.app), ("my_app_read", secrets.appRead)] {
            let refusal = server.refusal(of: plain + ["-u", user, "-p\(password)", "-e", "SELECT 1"])
            #expect(refusal.contains("ERROR 3159"), "\(refusal)")
        }
        let wrong = server.configuration("my_app", secrets.appRead)
        await #expect(throws: MySQLError.self) { try await server.with(wrong) { _ in } }
    }

    @Test("of an earlier version no longer ask for TLS themselves, and keep their passwords")
    func renewed() async throws {
        let server = try await ready()
        // Users of its own, since the other tests log in meanwhile.
        let other = Bootstrap(
            database: "other_old", appUser: "other_old", appReadUser: "other_old_read", secrets: secrets)
        try await server.with { try await other.run($0) }
        try server.sql("ALTER USER other_old REQUIRE SSL; ALTER USER other_old_read REQUIRE X509")
        try await server.with { try await other.renew($0) }
        let types = try server.sql("SELECT DISTINCT ssl_type FROM mysql.user WHERE user LIKE 'other_old%'")
        #expect(types == "\n", "\(types)")
        let works = try await server.with(server.configuration("other_old", secrets.app)) { _ in true }
        #expect(works)
    }

    @Test("see the lag and the processes, as the monitor, and none of the app's rows")
    func monitor() async throws {
        let server = try await ready()
        try await server.with { try await Heartbeat.beat(epoch: 3, on: $0) }
        try await server.with(server.configuration(DatabaseUser.monitor, secrets.monitor)) { connection in
            let lag = try #require(try await Heartbeat.lagSeconds(on: connection))
            #expect(lag >= 0)
            try await connection.execute("SHOW PROCESSLIST")
            try await connection.execute("SHOW REPLICA STATUS")
            await #expect(throws: MySQLError.self) { try await connection.execute("SELECT * FROM my_app.own") }
            await #expect(throws: MySQLError.self) { try await Heartbeat.beat(epoch: 4, on: connection) }
        }
    }
}

extension Bootstrap {
    fileprivate func run(_ connection: MySQLConnection) async throws {
        for statement in stackStatements { try await connection.execute(statement) }
    }
}

extension DatabaseUser {
    static func all(_ bootstrap: Bootstrap) -> [String] {
        [bootstrap.appUser, bootstrap.appReadUser, clone, monitor]
    }
}

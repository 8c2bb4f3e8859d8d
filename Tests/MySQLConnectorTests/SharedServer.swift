import Logging
import MySQLConnector
import MySQLTestServer
import Testing

/// One server for all tests of this target that do no harm to it; it ends with the test process.
enum SharedServer {
    private static let task = Task {
        let server = try await MySQLTestServer.start(address: "127.61.1.1")
        try prepare(server)
        return server
    }

    static var server: MySQLTestServer {
        get async throws { try await task.value }
    }

    static func prepare(_ server: MySQLTestServer) throws {
        try server.sql(
            """
            CREATE DATABASE app CHARACTER SET utf8mb4;
            CREATE USER 'app'@'%' IDENTIFIED WITH caching_sha2_password BY 'p@ss/w:rd' REQUIRE SSL;
            GRANT ALL ON app.* TO 'app'@'%';
            GRANT PROCESS ON *.* TO 'app'@'%';
            CREATE USER 'plain'@'%' IDENTIFIED WITH caching_sha2_password BY '';
            GRANT ALL ON app.* TO 'plain'@'%';
            """)
    }

    static func configuration(of server: MySQLTestServer) -> MySQLConfiguration {
        MySQLConfiguration(
            address: .tcp(host: server.address, port: server.port), username: "app", password: "p@ss/w:rd",
            database: "app",
            tls: .require(caFile: server.caFile, verifyServerName: true))
    }

    /// Without TLS; the library then reads from the socket itself.
    static func plainConfiguration(of server: MySQLTestServer) -> MySQLConfiguration {
        MySQLConfiguration(
            address: .unixSocket(server.socketPath), username: "plain", password: "", database: "app", tls: .disable)
    }

    static var configuration: MySQLConfiguration {
        get async throws { configuration(of: try await server) }
    }

    /// A query for a thousand rows.
    static let thousand =
        "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1000) SELECT id FROM n"

    /// Whether the shared server runs a statement of this user with this in its text.
    static func isRunning(_ mark: String, of user: String = "app") async throws -> Bool {
        try isRunning(mark, of: user, on: try await server)
    }

    static func isRunning(_ mark: String, of user: String = "app", on server: MySQLTestServer) throws -> Bool {
        let text = try server.sql(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE user = '\(user)' AND info LIKE '%\(mark)%'")
        return !text.hasPrefix("0")
    }
}

func wait(until isTrue: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await !isTrue(), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
    #expect(try await isTrue())
}

let quietLogger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// Runs the closure with a connection to the shared server, and closes that afterwards.
func withConnection<Value>(
    _ change: (inout MySQLConfiguration) -> Void = { _ in }, _ body: (MySQLConnection) async throws -> Value
) async throws -> Value {
    var configuration = try await SharedServer.configuration
    change(&configuration)
    let connection = try await MySQLConnection.connect(configuration, logger: quietLogger)
    do {
        let value = try await body(connection)
        await connection.close()
        return value
    } catch {
        await connection.close()
        throw error
    }
}

/// Runs the closure with a client that runs, and waits until that has ended.
func withClient<Value: Sendable>(
    _ configuration: MySQLConfiguration, _ options: MySQLPoolOptions = MySQLPoolOptions(),
    _ body: (MySQLClient) async throws -> Value
) async throws -> Value {
    let client = MySQLClient(configuration: configuration, options: options, logger: quietLogger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        let value = try await body(client)
        group.cancelAll()
        return value
    }
}

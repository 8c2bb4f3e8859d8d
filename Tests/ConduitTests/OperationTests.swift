import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MySQLConnector
import TandemMySQL
import Testing

@testable import Conduit

@Suite("Operation")
struct OperationTests {
    @Test("health is 200 while the database can be read")
    func healthy() async throws {
        try await withConduit { client async throws in
            let health = try await client.get("/health")
            #expect(health.status == .ok && health.text == "ok\n" && health.headers[.servedBy] == "server1")
        }
    }

    @Test("HEAD is answered as GET is, without the body", arguments: ["/health", "/", "/api/articles"])
    func head(path: String) async throws {
        try await withConduit { client async throws in
            let response = try await client.execute(uri: path, method: .head)
            #expect(response.status == .ok && response.body.readableBytes == 0)
        }
    }

    @Test("without a database health and pages are 503, and the JSON says so in its shape")
    func unreachable() async throws {
        var environment = try await TestDatabase.environment()
        environment["DATABASE_SERVERS"] = "127.61.2.1:1"
        let settings = try Settings(environment: environment)
        let database = try MySQLCluster(configuration: settings.database, logger: quietLogger)
        let app = Application(
            router: makeRouter(settings, database: database), services: [database], logger: quietLogger)
        try await app.test(.router) { client async throws in
            let health = try await client.get("/health")
            #expect(health.status == .serviceUnavailable)
            let page = try await client.get("/")
            #expect(page.status == .serviceUnavailable && page.text.contains("cannot be reached"))
            let list = try await client.get("/api/articles")
            #expect(list.status == .serviceUnavailable && list.headers[.retryAfter] == "1")
            #expect(try list.errors()["message"] != nil)
        }
    }

    @Test("metrics count requests by route, never by path, and show the pools")
    func metrics() async throws {
        try await withConduit { client async throws in
            for path in ["/api/articles/a", "/api/articles/b", "/nowhere/1", "/nowhere/2"] {
                _ = try await client.get(path)
            }
            let metrics = try await client.get("/metrics")
            #expect(metrics.headers[.contentType]?.hasPrefix("text/plain; version=0.0.4") == true)
            let lines = metrics.text.split(separator: "\n").map(String.init)
            #expect(
                lines.contains(
                    #"conduit_http_requests_total{method="GET",route="/api/articles/{slug}",status="404"} 2"#))
            #expect(lines.contains(#"conduit_http_requests_total{method="GET",route="NotFound",status="404"} 2"#))
            #expect(
                lines.contains(
                    #"conduit_http_request_duration_seconds_bucket{method="GET",route="/api/articles/{slug}",status="404",le="+Inf"} 2"#
                ))
            #expect(
                lines.contains(#"conduit_db_pool_connections_max{pool="read",server="127.61.2.1:3306"} 4"#))
            #expect(lines.contains(#"conduit_db_reads_total{server="127.61.2.1:3306"} 2"#))
        }
    }

    @Test("any number of instances may make the tables at the same time")
    func schema() async throws {
        let settings = try Settings(environment: try await TestDatabase.environment())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await Schema.prepare(settings.database.writer, patience: .seconds(30), logger: quietLogger)
                }
            }
            try await group.waitForAll()
        }
        let connection = try await MySQLConnection.connect(settings.database.reader, logger: quietLogger)
        let tables = try await connection.execute("SHOW TABLES")
        #expect(tables.count == 2)
        await connection.close()
    }

    @Test("a refused log-in ends the start at once, with the reason")
    func refusedStart() async throws {
        var settings = try Settings(environment: try await TestDatabase.environment())
        settings.database.writer.password = "wrong"
        let error = await #expect(throws: StartFailure.self) {
            try await Schema.prepare(settings.database.writer, patience: .seconds(300), logger: quietLogger)
        }
        #expect(error?.description.contains("1045") == true && error?.description.contains("DATABASE_URL") == true)
    }

    @Test("all that is wrong with the environment is said at once, and no password with it")
    func settings() {
        let error = #expect(throws: Settings.Problem.self) {
            try Settings(environment: [
                "PORT": "x", "DATABASE_READ_URL": "mysql://u:hunter2@h/d?ssl=1", "CONDUIT_READ_CONNECTIONS": "0",
            ])
        }
        #expect(error?.lines.count == 4)
        let text = error?.description ?? ""
        for word in ["PORT=x", "DATABASE_URL is not set", "DATABASE_READ_URL", "CONDUIT_READ_CONNECTIONS=0"] {
            #expect(text.contains(word))
        }
        #expect(!text.contains("hunter2"))
    }
}

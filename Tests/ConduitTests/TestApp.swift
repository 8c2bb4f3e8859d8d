import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MySQLConnector
import MySQLTestServer
import NIOCore
import TandemMySQL

@testable import Conduit

/// One server for all tests of this target; each test has a database of its own in it.
enum TestDatabase {
    private static let task = Task {
        let server = try await MySQLTestServer.start(address: "127.61.2.1")
        try server.sql(
            """
            CREATE USER 'writer'@'%' IDENTIFIED BY 'w' REQUIRE SSL;
            CREATE USER 'reader'@'%' IDENTIFIED BY 'r' REQUIRE SSL;
            """)
        return server
    }

    /// The environment of an instance with an empty database.
    static func environment() async throws -> [String: String] {
        let server = try await task.value
        let name = "c" + UUID().uuidString.prefix(8).lowercased()
        try server.sql(
            "CREATE DATABASE \(name); GRANT ALL ON \(name).* TO 'writer'@'%'; GRANT SELECT ON \(name).* TO 'reader'@'%';"
        )
        let place = "\(server.address):\(server.port)/\(name)?ssl-mode=VERIFY_CA&ssl-ca=\(server.caFile)"
        return [
            "DATABASE_URL": "mysql://writer:w@\(place)", "DATABASE_READ_URL": "mysql://reader:r@\(place)",
            "TANDEM_HOST": "server1",
            "CONDUIT_READ_CONNECTIONS": "4",
            "CONDUIT_WRITE_CONNECTIONS": "4",
        ]
    }
}

let quietLogger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// Runs the application on an empty database.
func withConduit(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    let settings = try Settings(environment: try await TestDatabase.environment())
    try await Schema.prepare(settings.database.writer, patience: .seconds(20), logger: quietLogger)
    let database = try MySQLCluster(configuration: settings.database, logger: quietLogger)
    let app = Application(
        router: makeRouter(settings, database: database), services: [database], logger: quietLogger)
    try await app.test(.router) { client async throws in try await body(client) }
}

extension TestClientProtocol {
    func get(_ path: String, headers: HTTPFields = [:]) async throws -> TestResponse {
        try await execute(uri: path, method: .get, headers: headers)
    }

    func postJSON(_ path: String, _ json: String) async throws -> TestResponse {
        try await execute(
            uri: path, method: .post, headers: [.contentType: "application/json"], body: ByteBuffer(string: json))
    }

    func postForm(_ path: String, _ form: String) async throws -> TestResponse {
        try await execute(
            uri: path, method: .post, headers: [.contentType: "application/x-www-form-urlencoded"],
            body: ByteBuffer(string: form))
    }

    /// Writes an article; returns its slug.
    @discardableResult
    func publish(_ title: String, body: String = "Text", tags: [String] = []) async throws -> String {
        let fields: [String: any Sendable] = [
            "title": title, "description": "About \(title)", "body": body, "tagList": tags,
        ]
        let json = try JSONSerialization.data(withJSONObject: ["article": fields])
        let response = try await postJSON("/api/articles", String(decoding: json, as: UTF8.self))
        let article = try response.object()["article"] as? [String: Any]
        return article?["slug"] as? String ?? ""
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }

    func object() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? [String: Any] ?? [:]
    }

    /// `{"errors": {field: [text]}}`.
    func errors() throws -> [String: [String]] { try object()["errors"] as? [String: [String]] ?? [:] }
}

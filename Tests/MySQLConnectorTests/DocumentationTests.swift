import Foundation
import Logging
import MySQLConnector
import ServiceLifecycle
import Testing
import Tracing
import UnixSignals

/// The code in the articles is the code in the functions below, which the compiler reads.
@Suite("Documentation")
struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let catalogue = root.appending(path: "Sources/MySQLConnector/Documentation.docc")

    static let articles =
        ((try? FileManager.default.contentsOfDirectory(atPath: catalogue.path)) ?? []).filter { $0.hasSuffix(".md") }
        .sorted()

    /// Without white space, which the articles may have otherwise.
    private func words(_ text: some StringProtocol) -> String { String(text.filter { !$0.isWhitespace }) }

    @Test("every example in an article compiles", arguments: articles)
    func examples(article: String) throws {
        let text = try String(contentsOf: Self.catalogue.appending(path: article), encoding: .utf8)
        let source = words(try String(contentsOf: URL(filePath: #filePath), encoding: .utf8))
        let blocks = text.components(separatedBy: "```swift\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
        #expect(!blocks.isEmpty)
        for block in blocks where !source.contains(words(block)) {
            Issue.record("not in DocumentationTests.swift:\n\(block)")
        }
    }

    @Test("the overview names every article")
    func overview() throws {
        let text = try String(contentsOf: Self.catalogue.appending(path: "MySQLConnector.md"), encoding: .utf8)
        for article in Self.articles where article != "MySQLConnector.md" {
            #expect(text.contains("<doc:\(article.dropLast(3))>"))
        }
    }

    @Test("every metric, span attribute and log key is documented")
    func names() throws {
        let sources = Self.catalogue.deletingLastPathComponent()
        let text = try String(contentsOf: Self.catalogue.appending(path: "Observing.md"), encoding: .utf8)
        let code = try ["Observability/Instruments.swift", "Errors/LogKey.swift"].map {
            try String(contentsOf: sources.appending(path: $0), encoding: .utf8)
        }.joined()
        let names = code.split(separator: "\"").filter {
            $0.contains(/^(db|server|error|mysql)[._][a-z._]+$/)
        }
        #expect(names.count > 15)
        for name in Set(names) { #expect(text.contains("`\(name)`"), "\(name)") }
    }
}

private func observing(configuration: MySQLConfiguration, logger: Logger, tracer: any Tracer) {
    let client = MySQLClient(configuration: configuration, logger: logger, tracer: tracer)
    print(client.statistics)
}

private func overview(logger: Logger) async throws {
    let client = MySQLClient(
        configuration: try MySQLConfiguration(url: "mysql://app:secret@db.example:3306/shop?ssl-ca=/etc/db-ca.pem"),
        options: MySQLPoolOptions(maximumConnections: 16),
        logger: logger)

    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        let minimum = 3
        for row in try await client.query("SELECT id, title FROM article WHERE stars >= \(minimum)") {
            let (id, title) = try row.decode((Int, String).self)
            print(id, title)
        }
        group.cancelAll()
    }
}

private func boundValues(_ client: MySQLClient, isAscending: Bool) async throws -> [Any?] {
    let title = "it's; DROP TABLE article"
    let inserted = try await client.query("INSERT INTO article (title, stars) VALUES (\(title), \(5))")
    let id = inserted.lastInsertID
    let rows = try await client.query("SELECT stars FROM article WHERE title = \(title)")

    let order = isAscending ? "ASC" : "DESC"
    let sorted = try await client.query(
        "SELECT title FROM article ORDER BY stars \(unescaped: order), title LIMIT \(10)")
    return [id, rows, sorted]
}

private func rows(_ client: MySQLClient) async throws {
    struct Article: Decodable {
        var id: Int
        var title: String
        var createdAt: Date?
    }
    for row in try await client.query("SELECT id, title, created_at FROM article") {
        let article = try row.decode(Article.self)
        let (id, title, createdAt) = try row.decode((Int, String, Date?).self)
        let same = try row.decode("title", as: String.self)
        print(article, id, title, createdAt as Any, same)
    }
}

private func ownTypes(_ client: MySQLClient) async throws -> MySQLResult {
    enum Status: String, MySQLCodable { case draft, published }
    let drafts = try await client.query("SELECT id FROM article WHERE status = \(Status.draft)")
    return drafts
}

private func warnings(_ client: MySQLClient) async throws {
    try await client.withConnection { connection in
        let result = try await connection.query("SELECT CAST('12 apples' AS SIGNED)")
        if result.warnings > 0 { print(try await connection.warnings()) }
    }
}

private func streams(_ client: MySQLClient) async throws -> Int {
    var total = 0
    for try await (_, size) in client.stream("SELECT id, size FROM file").decode((Int, Int).self) {
        total += size
    }
    for try await row in client.stream("SELECT id FROM article WHERE stars IS NULL") {
        let id = try row.decode((Int).self)
        _ = try await client.query("UPDATE article SET stars = 0 WHERE id = \(id)")
    }
    return total
}

private func transactions(_ client: MySQLClient) async throws {
    try await client.withTransaction { connection in
        _ = try await connection.query("UPDATE account SET amount = amount - \(10) WHERE id = \(1)")
        _ = try await connection.query("UPDATE account SET amount = amount + \(10) WHERE id = \(2)")
    }
    let options = MySQLTransactionOptions(isolation: .readCommitted, isReadOnly: false, maximumRetries: 3)
    try await client.withTransaction(options) { connection in
        _ = try await connection.query("UPDATE account SET amount = amount + 1")
    }
}

private func services(_ client: MySQLClient, _ server: some Service, logger: Logger) async throws {
    let group = ServiceGroup(
        services: [client, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
}

private func errors(_ client: MySQLClient, name: String) async throws {
    do {
        _ = try await client.query("INSERT INTO tag (name) VALUES (\(name))")
    } catch let error as MySQLError where error.serverErrorNumber == 1062 {
        print("there is such a tag already")
    }
}

private func gettingStarted() async throws {
    let logger = Logger(label: "notes")
    let client = MySQLClient(
        configuration: try MySQLConfiguration(url: "mysql://app:secret@127.0.0.1:3306/notes?ssl-ca=/etc/db-ca.pem"),
        logger: logger)
    let group = ServiceGroup(services: [client], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
}

private func firstQueries(client: MySQLClient, logger: Logger) async throws {
    _ = try await client.query(
        "CREATE TABLE IF NOT EXISTS note (id BIGINT PRIMARY KEY AUTO_INCREMENT, text VARCHAR(200))")
    let text = "remember the milk"
    let added = try await client.query("INSERT INTO note (text) VALUES (\(text))")
    for row in try await client.query("SELECT id, text FROM note WHERE id = \(added.lastInsertID)") {
        let (id, text) = try row.decode((Int, String).self)
        print(id, text)
    }
    do {
        _ = try await client.query("INSERT INTO note (id, text) VALUES (1, 'again')")
    } catch let error as MySQLError {
        logger.error("\(error)")
    }
}

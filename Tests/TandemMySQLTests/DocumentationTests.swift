import Foundation
import Hummingbird
import HummingbirdTandemMySQL
import Logging
import MySQLConnector
import ServiceLifecycle
import TandemMySQL
import Testing
import UnixSignals

/// The code in the articles is the code in the functions below, which the compiler reads.
@Suite("Documentation")
struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let catalogue = root.appending(path: "Sources/TandemMySQL/Documentation.docc")

    static let articles =
        ((try? FileManager.default.contentsOfDirectory(atPath: catalogue.path)) ?? []).filter { $0.hasSuffix(".md") }
        .sorted()

    /// Without white space, which the articles may have otherwise.
    private func words(_ text: some StringProtocol) -> String { String(text.filter { !$0.isWhitespace }) }

    @Test("every example in an article compiles", arguments: articles)
    func examples(article: String) throws {
        let text = try String(contentsOf: Self.catalogue.appending(path: article), encoding: .utf8)
        let source = words(try String(contentsOf: URL(filePath: #filePath), encoding: .utf8))
        for block in text.components(separatedBy: "```swift\n").dropFirst() {
            let code = block.components(separatedBy: "```")[0].replacing("  // has it", with: "")
            if !source.contains(words(code)) { Issue.record("not in DocumentationTests.swift:\n\(code)") }
        }
    }

    @Test("the overview names every article")
    func overview() throws {
        let text = try String(contentsOf: Self.catalogue.appending(path: "TandemMySQL.md"), encoding: .utf8)
        #expect(Self.articles.count > 1)
        for article in Self.articles where article != "TandemMySQL.md" {
            #expect(text.contains("<doc:\(article.dropLast(3))>"))
        }
    }

    @Test("every metric is documented")
    func metrics() throws {
        let text = try String(contentsOf: Self.catalogue.appending(path: "Observing.md"), encoding: .utf8)
        let source = Self.root.appending(path: "Sources/TandemMySQL/Cluster/ClusterMetrics.swift")
        let names = try String(contentsOf: source, encoding: .utf8).split(separator: "\"").filter {
            $0.hasPrefix("mysql_cluster_")
        }
        #expect(names.count > 8)
        for name in Set(names) { #expect(text.contains("`\(name)`"), "\(name)") }
    }

    @Test("the table that may be made by hand is the one that is made")
    func table() throws {
        let text = try String(contentsOf: Self.catalogue.appending(path: "Commits.md"), encoding: .utf8)
        let source = Self.root.appending(path: "Sources/TandemMySQL/Cluster/CommitTable.swift")
        let made = words(try String(contentsOf: source, encoding: .utf8)).replacing(#"\(name)"#, with: "tandem_commit")
        let block = try #require(text.components(separatedBy: "```sql\n").last?.components(separatedBy: "```").first)
        #expect(made.contains(words(block)))
    }
}

private func overview(logger: Logger, text: String) async throws {
    let cluster = try MySQLCluster(configuration: MySQLClusterConfiguration(), logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await cluster.run() }

        let written = try await cluster.write { connection in
            try await connection.query("INSERT INTO note (text) VALUES (\(text))").lastInsertID
        }
        print("note", written.value ?? 0)
        for row in try await cluster.read("SELECT id, text FROM note ORDER BY id DESC LIMIT 10") {
            let (id, text) = try row.decode((Int, String).self)
            print(id, text)
        }
        group.cancelAll()
    }
}

private func tokens(_ cluster: MySQLCluster, text: String) async throws -> MySQLResult {
    let written = try await cluster.write("INSERT INTO note (text) VALUES (\(text))")
    let notes = try await cluster.read(
        "SELECT text FROM note", consistency: written.token.map { .after($0) })
    return notes
}

private func sessions(_ cluster: MySQLCluster, note text: String) async throws -> String? {
    let session = MySQLSession()
    try await session.run {
        try await cluster.write("INSERT INTO note (text) VALUES (\(text))")
        print(try await cluster.read("SELECT text FROM note").count)
    }
    return session.token?.description
}

private func middleware(_ router: Router<BasicRequestContext>, environment: [String: String]) throws {
    router.add(middleware: MySQLSessionMiddleware(signer: try SessionTokenSigner(environment: environment)))
}

private func exactlyOnce(_ cluster: MySQLCluster, amount: Int, from: Int, to: Int) async throws {
    try await cluster.write(exactlyOnce: true) { connection in
        _ = try await connection.query("UPDATE account SET balance = balance - \(amount) WHERE id = \(from)")
        _ = try await connection.query("UPDATE account SET balance = balance + \(amount) WHERE id = \(to)")
    }
}

private func gettingStarted() async throws {
    let logger = Logger(label: "notes")
    let cluster = try MySQLCluster(configuration: MySQLClusterConfiguration(), logger: logger)
    let group = ServiceGroup(services: [cluster], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
}

private func writeAndRead(cluster: MySQLCluster) async throws {
    let text = "remember the milk"
    try await cluster.write("INSERT INTO note (text) VALUES (\(text))")
    for row in try await cluster.read("SELECT id, text FROM note ORDER BY id DESC LIMIT 10") {
        let (id, text) = try row.decode((Int, String).self)
        print(id, text)
    }
}

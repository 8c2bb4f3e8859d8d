import InMemoryTracing
import Logging
import MySQLConnector
import Synchronization
import Testing
import Tracing

@Suite("Spans and log lines")
struct ObservabilityTests {
    @Test("each statement has a span with its text and place, and never a value")
    func spans() async throws {
        let tracer = InMemoryTracer()
        let client = MySQLClient(
            configuration: try await SharedServer.configuration, logger: quietLogger, tracer: tracer)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            _ = try await client.query("SELECT \("secret")")
            _ = try? await client.query("SELECT 1 FROM nowhere")
            group.cancelAll()
        }
        let spans = tracer.finishedSpans
        #expect(spans.map(\.operationName) == ["SELECT", "SELECT"])
        let first = try #require(spans.first)
        #expect(first.kind == .client && first.attributes.get("db.system.name") == "mysql")
        #expect(first.attributes.get("db.query.text") == "SELECT ?")
        #expect(first.attributes.get("db.namespace") == "app" && first.attributes.get("server.port") == 3306)
        #expect(!"\(first.attributes)".contains("secret"))
        #expect(spans.last?.status?.code == .error)
        #expect(spans.last?.attributes.get("db.response.status_code") == "1146")
    }

    @Test("the library logs at trace and debug only, and never a value or the password")
    func logLines() async throws {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in LineHandler(lines: lines) }
        var configuration = try await SharedServer.configuration
        let connection = try await MySQLConnection.connect(configuration, logger: logger)
        _ = try await connection.query("SELECT \("secret")")
        await connection.close()
        configuration.password = "hunter2"
        _ = try? await MySQLConnection.connect(configuration, logger: logger)
        let seen = lines.all
        #expect(seen.count >= 3 && seen.allSatisfy { [.trace, .debug].contains($0.level) })
        #expect(seen.contains { $0.text.contains("mysql_statement: SELECT ?") })
        #expect(seen.contains { $0.text.contains("mysql_connection_id: \(connection.connectionID)") })
        #expect(
            !seen.contains { $0.text.contains("secret") || $0.text.contains("hunter2") || $0.text.contains("p@ss") })
    }
}

private final class Lines: Sendable {
    private let lines = Mutex<[(level: Logger.Level, text: String)]>([])
    var all: [(level: Logger.Level, text: String)] { lines.withLock { $0 } }
    func append(_ level: Logger.Level, _ text: String) { lines.withLock { $0.append((level, text)) } }
}

private struct LineHandler: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(lines: Lines) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).map { "\($0): \($1)" }.sorted().joined(separator: ", ")
        lines.append(event.level, "\(event.message) \(pairs)")
    }
}

import MySQLConnector
import MySQLTestServer
import Testing

/// What depends on how the answer is waited for, which differs without TLS. All other tests connect with it.
@Suite("Without TLS")
struct PlainTextTests {
    private func connect(
        to server: MySQLTestServer, _ change: (inout MySQLConfiguration) -> Void = { _ in }
    ) async throws -> MySQLConnection {
        var configuration = SharedServer.plainConfiguration(of: server)
        change(&configuration)
        return try await MySQLConnection.connect(configuration, logger: quietLogger)
    }

    @Test("a statement that runs too long is cut off, and a faster one is not")
    func queryTimeout() async throws {
        let connection = try await connect(to: try await SharedServer.server) { $0.queryTimeout = .seconds(1) }
        #expect(try await connection.query("SELECT SLEEP(0.2)")[0][0] == .int(0))
        let error = await #expect(throws: MySQLError.self) { _ = try await connection.query("SELECT SLEEP(60)") }
        #expect(error?.code == .queryTimeout && !connection.isUsable)
        await connection.close()
    }

    @Test("without a time limit a statement may take longer than connecting may")
    func slowStatement() async throws {
        let connection = try await connect(to: try await SharedServer.server) { $0.connectTimeout = .seconds(1) }
        #expect(try await connection.query("SELECT SLEEP(1.5)")[0][0] == .int(0))
        await connection.close()
    }

    @Test("cancelling a task ends its statement at the server, and the connection can be used further")
    func cancelled() async throws {
        let connection = try await connect(to: try await SharedServer.server)
        let task = Task { try await connection.query("SELECT /* plain */ SLEEP(60)") }
        try await wait { try await SharedServer.isRunning("SELECT /* plain */", of: "plain") }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try await !SharedServer.isRunning("SELECT /* plain */", of: "plain"))
        #expect(try await connection.query("SELECT 5")[0][0] == .int(5))
        await connection.close()
    }

    @Test("a server that hangs is left when the task is cancelled, and one that ends is an error")
    func serverGone() async throws {
        let server = try await MySQLTestServer.start(address: "127.61.1.6")
        defer { server.stop() }
        try SharedServer.prepare(server)
        let first = try await connect(to: server)
        let task = Task { try await first.query("SELECT SLEEP(60)") }
        try await wait { try SharedServer.isRunning("SLEEP(60)", of: "plain", on: server) }
        server.setFrozen(true)
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        server.setFrozen(false)
        #expect(!first.isUsable)
        await first.close()

        let second = try await connect(to: server)
        var seen = 0
        let error = await #expect(throws: MySQLError.self) {
            for try await _ in second.stream(
                "SELECT a.id, REPEAT('x', 500) FROM (\(unescaped: SharedServer.thousand)) a, (\(unescaped: SharedServer.thousand)) b"
            ) {
                seen += 1
                if seen == 10_000 { server.kill() }
            }
        }
        #expect(error?.code == .connectionClosed && seen >= 10_000 && seen < 1_000_000)
        await second.close()
    }

    @Test("large values and many rows come whole, also while the reader is slow")
    func large() async throws {
        let connection = try await connect(to: try await SharedServer.server)
        let sizes = [1, 16_383, 16_384, 16_385, 5_000_000, 16_777_215, 20_000_000]
        for size in sizes {
            let text = try await connection.query("SELECT REPEAT('x', \(size))")[0].decode((String).self)
            #expect(text.utf8.count == size && text.utf8.allSatisfy { $0 == UInt8(ascii: "x") })
        }
        var sum = 0
        for try await number in connection.stream(
            "SELECT a.id * 1000 + b.id FROM (\(unescaped: SharedServer.thousand)) a, (\(unescaped: SharedServer.thousand)) b LIMIT 300000"
        ).decode((Int).self) {
            sum += 1
            if number % 100_000 == 0 { try await Task.sleep(for: .milliseconds(20)) }
        }
        #expect(sum == 300_000)
        #expect(try await connection.query("SELECT 1").count == 1)
        await connection.close()
    }
}

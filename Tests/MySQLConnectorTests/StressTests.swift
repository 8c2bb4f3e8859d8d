import Foundation
import MySQLConnector
import MySQLTestServer
import Testing

/// Many tasks at once, on a server of their own: its process list tells whether all of them have gone.
@Suite("Stress")
struct StressTests {
    private static let taskCount = 10_000

    @Test("ten thousand tasks on eight connections, a third of them cancelled: nothing is lost, stuck or left behind")
    func cancelledTasks() async throws {
        let server = try await MySQLTestServer.start(address: "127.61.1.5")
        defer { server.stop() }
        try SharedServer.prepare(server)
        var options = MySQLPoolOptions(maximumConnections: 8)
        options.acquireTimeout = .seconds(120)
        options.maximumWaiters = Self.taskCount
        let client = MySQLClient(
            configuration: SharedServer.configuration(of: server), options: options, logger: quietLogger)
        let running = Task { try await client.run() }
        let outcomes = await withTaskGroup(of: Outcome.self) { group in
            for number in 0..<Self.taskCount { group.addTask { await Self.work(number, client) } }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(outcomes[.wrong] == nil && outcomes[.failed] == nil, "\(outcomes)")
        #expect(outcomes[.cancelled, default: 0] > 0 && outcomes[.answered, default: 0] >= Self.taskCount * 2 / 3)
        // Every connection is free again and of use.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let rows = try await client.query("SELECT \(number), SLEEP(0.05)")
                    #expect(rows[0][0] == .int(Int64(number)) && rows[0][1] == .int(0))
                }
            }
            try await group.waitForAll()
        }
        let statistics = client.statistics
        #expect(statistics.leased == 0 && statistics.waiting == 0 && statistics.openedTotal == 8)
        running.cancel()
        _ = try? await running.value
        let deadline = ContinuousClock.now + .seconds(10)
        while try sessions(server) > 0, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try sessions(server) == 0)
    }

    private enum Outcome { case answered, cancelled, wrong, failed }

    private static func work(_ number: Int, _ client: MySQLClient) async -> Outcome {
        let query: MySQLQuery = number % 5 == 0 ? "SELECT \(number), SLEEP(0.002)" : "SELECT \(number), 0"
        let task = Task {
            guard number % 7 == 0 else { return try await client.query(query)[0][0] }
            // Some read a stream, and some of those leave it early.
            for try await row in client.stream(query) { return row[0] }
            return .null
        }
        if number % 3 == 0 {
            try? await Task.sleep(for: .microseconds(Int.random(in: 0...2_000_000)))
            task.cancel()
        }
        switch await task.result {
        case .success(let value): return value == .int(Int64(number)) ? .answered : .wrong
        case .failure(let error): return error is CancellationError && number % 3 == 0 ? .cancelled : .failed
        }
    }

    private func sessions(_ server: MySQLTestServer) throws -> Int {
        let text = try server.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'")
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }
}

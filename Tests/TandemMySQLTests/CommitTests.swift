import Foundation
import MySQLConnector
import MySQLTestServer
import Testing

@testable import TandemMySQL

@Suite("Commits whose answer is lost", .serialized, .timeLimit(.minutes(10)))
struct CommitTests {
    /// How many links, sessions and servers are killed. `TANDEM_TEST_KILLS=200` for the long form.
    private static var kills: Int {
        ProcessInfo.processInfo.environment["TANDEM_TEST_KILLS"].flatMap { Int($0) } ?? 40
    }

    @Test("are reported as unknown; with exactlyOnce they are settled, whatever was lost")
    func settled() async throws {
        let pair = try await Pair.start("127.202.1")
        defer { pair.stop() }
        let proxy = Proxy(address: "127.202.1.3", port: 3306, target: pair.first.place)
        let proxying = Task { await proxy.run() }
        defer { proxying.cancel() }
        let agent = TestAgent(address: "127.202.1.4", primary: proxy.place, replica: pair.second.place)
        try await pair.with(agent) { cluster in
            try await reportsUnknown(pair, proxy, cluster)
            try await settlesBoth(pair, proxy, cluster)
            try await sweeps(pair)
        }
    }

    private func reportsUnknown(_ pair: Pair, _ proxy: Proxy, _ cluster: MySQLCluster) async throws {
        let unknown = await #expect(throws: MySQLError.self) {
            try await cluster.write { connection in
                _ = try await connection.query("INSERT INTO note VALUES (1, 'unknown')")
                proxy.cutNext(.answer)
            }
        }
        #expect(unknown?.code == .commitOutcomeUnknown)
        try await eventually("it was committed") { try pair.first.sql("SELECT id FROM shop.note") == "1\n" }
        // Lost before COMMIT: nothing is unknown about that.
        let runs = Shared(0)
        try await cluster.write { connection in
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            if run == 1 { proxy.cutNext(.answer) }
            _ = try await connection.query("INSERT INTO note VALUES (2, 'again')")
        }
        #expect(runs.withLock { $0 } == 2)
        #expect(try pair.first.sql("SELECT text FROM shop.note WHERE id = 2") == "again\n")
    }

    private func settlesBoth(_ pair: Pair, _ proxy: Proxy, _ cluster: MySQLCluster) async throws {
        for (id, cut, runsExpected) in [(10, Proxy.Cut.answer, 1), (11, .question, 2)] {
            let runs = Shared(0)
            let committed = try await cluster.write(exactlyOnce: true) { connection in
                _ = try await connection.query("INSERT INTO note VALUES (\(id), 'once')")
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run == 1 { proxy.cutNext(cut) }
                return run
            }
            #expect(committed.value == runsExpected && runs.withLock { $0 } == runsExpected)
            // The token counts though the answer was lost.
            let token = try #require(committed.token)
            for _ in 0..<4 {
                #expect(
                    try await cluster.read("SELECT 1 FROM note WHERE id = \(id)", consistency: .after(token)).count == 1
                )
            }
        }
        #expect(try pair.first.sql("SELECT COUNT(*) FROM shop.tandem_commit") == "2\n")
    }

    private func sweeps(_ pair: Pair) async throws {
        try pair.first.sql(
            """
            UPDATE shop.tandem_commit SET committed_at = committed_at - INTERVAL 2 DAY;
            """)
        var configuration = pair.configuration()
        configuration.commitSweepInterval = .milliseconds(100)
        try await pair.with(configuration) { cluster in
            try await cluster.write(exactlyOnce: true) { _ = try await $0.query("INSERT INTO note VALUES (20, 'new')") }
            try await eventually("the old records are gone, the new one is there") {
                try pair.first.sql("SELECT COUNT(*) FROM shop.tandem_commit") == "1\n"
            }
        }
    }

    @Test(
        "exactlyOnce transactions appear exactly once, over kills of sessions, links and the server at random moments")
    func exactlyOnce() async throws {
        let pair = try await Pair.start("127.202.2")
        defer { pair.stop() }
        let proxy = Proxy(address: "127.202.2.3", port: 3306, target: pair.first.place)
        let proxying = Task { await proxy.run() }
        defer { proxying.cancel() }
        try pair.first.sql(
            """
            CREATE TABLE shop.ledger (entry BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, id INT NOT NULL, KEY (id));
            CREATE TABLE shop.account (id INT NOT NULL PRIMARY KEY, balance INT NOT NULL);
            INSERT INTO shop.account VALUES (1, 0), (2, 0), (3, 0), (4, 0);
            """)
        let agent = TestAgent(address: "127.202.2.4", primary: proxy.place, replica: pair.second.place)
        try await pair.with(agent, { $0.writeHoldLimit = .seconds(60) }) { cluster in
            let record = Shared(Record())
            await withTaskGroup(of: Void.self) { group in
                for writer in 1...4 { group.addTask { await Self.write(writer, cluster, record) } }
                group.addTask {
                    do {
                        while record.withLock({ $0.faults.count < Self.kills && $0.problems.isEmpty }) {
                            try await disturb(pair, proxy, record)
                        }
                    } catch { record.withLock { $0.problems.append("the disturbance: \(error)") } }
                    record.withLock { $0.isOver = true }
                }
            }
            let outcome = record.withLock { $0 }
            print("exactlyOnce: \(outcome)")
            #expect(outcome.problems == [])
            let entries = try pair.first.sql("SELECT id FROM shop.ledger ORDER BY id").split(separator: "\n")
            #expect(entries.compactMap { Int($0) } == outcome.acknowledged.sorted(), "each exactly once")
            let balances = try pair.first.sql("SELECT SUM(balance) FROM shop.account").filter { !$0.isWhitespace }
            #expect(balances == "\(outcome.acknowledged.count)")
            // The faults hit transactions, and not only links that nobody used.
            #expect(outcome.acknowledged.count >= Self.kills && outcome.runsAgain > 0)
        }
    }

    /// What happened.
    private struct Record: Sendable, CustomStringConvertible {
        var faults = Faults()
        var acknowledged: [Int] = []
        /// Closures that ran once more, for what their first run did was lost.
        var runsAgain = 0
        var problems: [String] = []
        var isOver = false

        var description: String {
            "\(acknowledged.count) transactions, of which \(runsAgain) runs had to be repeated; \(faults.count) faults: \(faults)"
        }
    }

    /// Faults that took effect.
    private struct Faults: Sendable, CustomStringConvertible {
        var crashes = 0
        var cuts = 0
        var lostAnswers = 0
        var lostQuestions = 0
        var killedSessions = 0

        var count: Int { crashes + cuts + lostAnswers + lostQuestions + killedSessions }
        var description: String {
            "\(crashes) crashes of the server, \(killedSessions) sessions killed, \(lostAnswers) answers and "
                + "\(lostQuestions) statements lost with their links, \(cuts) times all links cut"
        }

        mutating func add(_ other: Faults) {
            crashes += other.crashes
            cuts += other.cuts
            lostAnswers += other.lostAnswers
            lostQuestions += other.lostQuestions
            killedSessions += other.killedSessions
        }
    }

    private static func write(_ writer: Int, _ cluster: MySQLCluster, _ record: Shared<Record>) async {
        var id = writer
        while !record.withLock({ $0.isOver }) {
            id += 4
            do {
                let runs = Shared(0)
                try await cluster.write(exactlyOnce: true) { [id] connection in
                    runs.withLock { $0 += 1 }
                    _ = try await connection.query("INSERT INTO ledger (id) VALUES (\(id))")
                    _ = try await connection.query("UPDATE account SET balance = balance + 1 WHERE id = \(writer)")
                }
                record.withLock { [id] record in
                    record.acknowledged.append(id)
                    record.runsAgain += runs.withLock { $0 } - 1
                }
            } catch { record.withLock { [id] in $0.problems.append("\(id): \(error)") } }
        }
    }

    private func disturb(_ pair: Pair, _ proxy: Proxy, _ record: Shared<Record>) async throws {
        try await Task.sleep(for: .microseconds(Int.random(in: 0...100_000)))
        var faults = Faults()
        // One in twenty is a crash, also in a short run.
        let isCrashDue = record.withLock { $0.faults.crashes < ($0.faults.count + 10) / 20 }
        switch isCrashDue ? 0 : Int.random(in: 1..<20) {
        case 0:
            pair.first.kill()
            try await pair.first.startAgain()
            try pair.first.sql("SET GLOBAL read_only = OFF")
            faults.crashes = 1
        case 1: faults.cuts = proxy.cutAll() > 0 ? 1 : 0
        case 2..<8: faults.lostAnswers = try await cut(.answer, proxy)
        case 8..<12: faults.lostQuestions = try await cut(.question, proxy)
        default: faults.killedSessions = killSessions(pair.first)
        }
        record.withLock { [faults] in $0.faults.add(faults) }
    }

    /// - Returns: how many were lost.
    private func cut(_ cut: Proxy.Cut, _ proxy: Proxy) async throws -> Int {
        let before = proxy.lost(cut)
        proxy.cutNext(cut)
        // It may be armed and never come, when its link ends first by itself.
        try? await eventually("something is lost", within: .seconds(2)) { proxy.lost(cut) > before }
        proxy.disarm()
        return proxy.lost(cut) - before
    }

    /// In whatever they are doing, COMMIT included. Some are gone before the KILL arrives.
    private func killSessions(_ server: MySQLTestServer) -> Int {
        // The server cannot always put a statement with binary values into this table; then there is nobody to kill
        // this time.
        let sessions = try? server.sql(
            "SELECT id FROM information_schema.processlist WHERE user = 'writer' AND command <> 'Sleep'")
        return (sessions ?? "").split(separator: "\n").prefix(2).count { session in
            (try? server.sql("KILL CONNECTION \(session)")) != nil
        }
    }
}

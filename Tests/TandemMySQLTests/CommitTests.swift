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
        let proxying = Task { try await proxy.run() }
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
        let proxying = Task { try await proxy.run() }
        defer { proxying.cancel() }
        try pair.first.sql(
            """
            CREATE TABLE shop.ledger (entry BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, id INT NOT NULL, KEY (id));
            CREATE TABLE shop.account (id INT NOT NULL PRIMARY KEY, balance INT NOT NULL);
            INSERT INTO shop.account VALUES (1, 0), (2, 0), (3, 0), (4, 0);
            """)
        let agent = TestAgent(address: "127.202.2.4", primary: proxy.place, replica: pair.second.place)
        try await pair.with(agent, { $0.writeHoldLimit = .seconds(60) }) { cluster in
            let faults = Shared(Faults())
            let isOver = Shared(false)
            let acknowledged = Shared<[Int]>([])
            let problems = Shared<[String]>([])
            await withTaskGroup(of: Void.self) { group in
                for writer in 1...4 {
                    group.addTask {
                        var id = writer
                        while !isOver.withLock({ $0 }) {
                            id += 4
                            do {
                                try await post(id, account: writer, in: cluster)
                                acknowledged.withLock { $0.append(id) }
                            } catch { problems.withLock { $0.append("\(id): \(error)") } }
                        }
                    }
                }
                group.addTask {
                    do {
                        while faults.withLock({ $0.count }) < Self.kills { try await disturb(pair, proxy, faults) }
                    } catch { problems.withLock { $0.append("the disturbance: \(error)") } }
                    isOver.withLock { $0 = true }
                }
            }
            #expect(problems.withLock { $0 } == [])
            let done = acknowledged.withLock { $0.sorted() }
            #expect(done.count > 50, "\(done.count) transactions")
            let entries = try pair.first.sql("SELECT id FROM shop.ledger ORDER BY id").split(separator: "\n")
            #expect(entries.compactMap { Int($0) } == done, "each exactly once")
            let balances = try pair.first.sql("SELECT SUM(balance) FROM shop.account").filter { !$0.isWhitespace }
            #expect(balances == "\(done.count)")
            print("exactlyOnce: \(done.count) transactions; \(faults.withLock { "\($0)" })")
        }
    }

    private func post(_ id: Int, account: Int, in cluster: MySQLCluster) async throws {
        try await cluster.write(exactlyOnce: true) { connection in
            _ = try await connection.query("INSERT INTO ledger (id) VALUES (\(id))")
            _ = try await connection.query("UPDATE account SET balance = balance + 1 WHERE id = \(account)")
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
    }

    private func disturb(_ pair: Pair, _ proxy: Proxy, _ faults: Shared<Faults>) async throws {
        try await Task.sleep(for: .microseconds(Int.random(in: 0...30_000)))
        switch Int.random(in: 0..<20) {
        case 0:
            pair.first.kill()
            try await pair.first.startAgain()
            try pair.first.sql("SET GLOBAL read_only = OFF")
            faults.withLock { $0.crashes += 1 }
        case 1:
            proxy.cutAll()
            faults.withLock { $0.cuts += 1 }
        case 2..<8:
            try await cut(.answer, proxy)
            faults.withLock { $0.lostAnswers += 1 }
        case 8..<12:
            try await cut(.question, proxy)
            faults.withLock { $0.lostQuestions += 1 }
        default:
            let killed = killSessions(pair.first)
            faults.withLock { $0.killedSessions += killed }
        }
    }

    private func cut(_ cut: Proxy.Cut, _ proxy: Proxy) async throws {
        let before = proxy.cuts
        proxy.cutNext(cut)
        try await eventually("a link is cut") { proxy.cuts > before }
    }

    /// In whatever they are doing, COMMIT included. Some are gone before the KILL arrives.
    private func killSessions(_ server: MySQLTestServer) -> Int {
        // The server cannot always put a statement with binary values into this table; then there is nobody to kill this time.
        let sessions = try? server.sql(
            "SELECT id FROM information_schema.processlist WHERE user = 'writer' AND command <> 'Sleep'")
        return (sessions ?? "").split(separator: "\n").prefix(2).count { session in
            (try? server.sql("KILL CONNECTION \(session)")) != nil
        }
    }
}

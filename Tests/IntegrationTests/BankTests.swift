import Foundation
import Glibc
import Logging
import MySQLConnector
import StackFuzz
import Synchronization
import TandemMySQL
import Testing

/// A bank under faults: `TANDEM_TEST_BANK=20 bin/test --filter bank` for 20 minutes, `TANDEM_SEED` repeats the order of the faults.
@Suite(.serialized, .timeLimit(.minutes(90)))
struct BankTests {
    private static var minutes: Double? {
        ProcessInfo.processInfo.environment["TANDEM_TEST_BANK"].flatMap { Double($0) }
    }

    @Test(
        "eight clients move money under faults: no total is ever wrong, no acknowledged transfer is missing or there twice",
        .enabled(if: minutes != nil, "long; TANDEM_TEST_BANK=20 runs it for 20 minutes"))
    func bank() async throws {
        let minutes = try #require(Self.minutes)
        let seed = SeededRandom.seedOfThisRun
        print("bank: TANDEM_SEED=\(seed)")
        let stack = try TrialStack("itbank", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let branches = try await ["server1", "server2"].asyncMap { try await stack.branch(on: $0) }
            let bank = Bank(branches: branches)
            try await bank.open()
            try await withThrowingTaskGroup { group in
                group.addTask { try await bank.work() }
                var robber = Robber(stack: stack, random: SeededRandom(seed: seed))
                let end = ContinuousClock.now + .seconds(60 * minutes)
                while ContinuousClock.now < end { try await robber.strike() }
                print("bank: \(robber.strikes)")
                group.cancelAll()
                do { try await group.waitForAll() } catch is CancellationError {}
            }
            _ = try await stack.waitUntilUp { $0.database?.sync == "pair" }
            try await bank.audit(stack)
            try await bank.close()
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }
}

/// Breaks one thing after the other, each once the stack is whole.
private struct Robber {
    let stack: TrialStack
    var random: SeededRandom
    var strikes: [String: Int] = [:]

    private enum Kind: String, CaseIterable {
        case killServer, freezeServer, killHost, freezeAgent, switchover, restart
    }

    mutating func strike() async throws {
        let status = try await stack.waitUntilUp { $0.database?.sync == "pair" }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...4_000, using: &random)))
        let kind = Kind.allCases.randomElement(using: &random) ?? .killServer
        let primary = try #require(status.database?.primary)
        // The primary more often than its partner.
        let host = Int.random(in: 0..<4, using: &random) > 0 ? primary : primary == "server1" ? "server2" : "server1"
        let now = try await stack.status().host(host)
        let server = try #require(now.services.first { $0.name == "mysql" }?.pid)
        strikes["\(kind.rawValue) \(host == primary ? "primary" : "partner")", default: 0] += 1
        switch kind {
        case .killServer: kill(server, SIGKILL)
        case .killHost:
            for pid in now.services.compactMap(\.pid) + [now.agent.pid].compactMap(\.self) { kill(pid, SIGKILL) }
        case .freezeServer: try await freeze(server)
        case .freezeAgent: try await freeze(try #require(now.agent.pid))
        case .switchover: try await stack.succeed("switchover")
        case .restart: try await stack.succeed("restart", "mysql", host)
        }
    }

    private func freeze(_ pid: Int32) async throws {
        kill(pid, SIGSTOP)
        try? await Task.sleep(for: .seconds(10))
        kill(pid, SIGCONT)
    }
}

/// 100 accounts with 1,000 each, and every transfer that was made.
private final class Bank: Sendable {
    private struct Book {
        var acknowledged: Set<String> = []
        var unknown = 0
        var refused = 0
        var totals = 0
        var wrongTotals: [String] = []
    }

    private static let accounts = 100
    private static let each = 1_000
    private static let clients = 8

    private let branches: [Branch]
    private let book = Mutex(Book())
    private let running: Mutex<[Task<Void, any Error>]> = Mutex([])

    init(branches: [Branch]) { self.branches = branches }

    func open() async throws {
        running.withLock { $0 = branches.map { branch in Task { try await branch.cluster.run() } } }
        let rows = (1...Self.accounts).map { "(\($0), \(Self.each))" }.joined(separator: ", ")
        try await branches[0].cluster.withPrimaryConnection { connection in
            _ = try await connection.execute("CREATE TABLE account (id INT PRIMARY KEY, balance INT NOT NULL)")
            _ = try await connection.execute(
                "CREATE TABLE transfer (id VARCHAR(40) PRIMARY KEY, source INT NOT NULL, target INT NOT NULL, amount INT NOT NULL)"
            )
            _ = try await connection.execute("INSERT INTO account VALUES \(rows)")
        }
    }

    func close() async throws {
        for task in running.withLock({ $0 }) {
            task.cancel()
            try await task.value
        }
    }

    /// Of each client. At full speed a partner that was away does not catch up on a machine with little to spare: see docs/failover.md, "Close behind".
    private static let pause = Duration.milliseconds(40)

    /// Until it is cancelled.
    func work() async throws {
        await withDiscardingTaskGroup { group in
            for client in 0..<Self.clients {
                group.addTask { await self.transfer(client, self.branches[client % 2].cluster) }
            }
            for branch in branches { group.addTask { await self.watch(branch) } }
        }
    }

    private func transfer(_ client: Int, _ cluster: MySQLCluster) async {
        var number = 0
        while !Task.isCancelled {
            number += 1
            try? await Task.sleep(for: Self.pause * Double.random(in: 0.5...1))
            let id = "\(client)-\(number)"
            let (source, amount) = (Int.random(in: 1...Self.accounts), Int.random(in: 1...20))
            let target = (source + Int.random(in: 1..<Self.accounts) - 1) % Self.accounts + 1
            do {
                try await cluster.write(exactlyOnce: true, deadlockRetries: 50) { connection in
                    _ = try await connection.query(
                        "INSERT INTO transfer VALUES (\(id), \(source), \(target), \(amount))")
                    _ = try await connection.query(
                        "UPDATE account SET balance = balance - \(amount) WHERE id = \(source)")
                    _ = try await connection.query(
                        "UPDATE account SET balance = balance + \(amount) WHERE id = \(target)")
                }
                book.withLock { _ = $0.acknowledged.insert(id) }
            } catch let error as MySQLError where error.code == .commitOutcomeUnknown {
                book.withLock { $0.unknown += 1 }
            } catch {
                guard !Task.isCancelled else { return }
                book.withLock { $0.refused += 1 }
                print("bank: a transfer was refused: \(error)")
            }
        }
    }

    /// Asks both servers, each directly, all the time.
    private func watch(_ branch: Branch) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
            guard let connection = try? await MySQLConnection.connect(branch.reader, logger: branch.logger) else {
                continue
            }
            while !Task.isCancelled {
                guard let total = try? await Self.total(connection) else { break }
                book.withLock { book in
                    book.totals += 1
                    if total != Self.accounts * Self.each { book.wrongTotals.append("\(branch.host): \(total)") }
                }
                try? await Task.sleep(for: .milliseconds(20))
            }
            await connection.close()
        }
    }

    private static func total(_ connection: MySQLConnection) async throws -> Int? {
        try await connection.execute("SELECT CAST(SUM(balance) AS SIGNED) AS total FROM account").first?
            .decode("total", as: Int.self)
    }

    func audit(_ stack: TrialStack) async throws {
        let book = book.withLock { $0 }
        print(
            "bank: \(book.acknowledged.count) transfers acknowledged, \(book.unknown) unknown, \(book.refused) refused; \(book.totals) totals, "
                + "\(book.wrongTotals.count) wrong")
        #expect(book.wrongTotals.isEmpty && book.totals > 100, "\(book.wrongTotals.prefix(10))")
        #expect(book.refused == 0 && book.acknowledged.count > 100)
        // The partner may be a moment behind.
        try await Task.sleep(for: .seconds(3))
        for host in ["server1", "server2"] {
            func ask(_ query: String) async throws -> String {
                try await stack.succeed("mysql", host, "--", "-N", "-e", query).output
            }
            let made = Set(try await ask("SELECT id FROM itbank.transfer").split(separator: "\n").map(String.init))
            #expect(
                book.acknowledged.subtracting(made).isEmpty,
                "\(host) lacks \(book.acknowledged.subtracting(made).prefix(10))")
            #expect(made.count <= book.acknowledged.count + book.unknown)
            let wrong = try await ask(
                """
                SELECT COUNT(*) FROM itbank.account AS a WHERE balance <> \(Self.each)
                - (SELECT IFNULL(SUM(amount), 0) FROM itbank.transfer WHERE source = a.id)
                + (SELECT IFNULL(SUM(amount), 0) FROM itbank.transfer WHERE target = a.id)
                """)
            #expect(wrong == "0\n", "\(host): accounts that do not fit their transfers")
        }
        let sums = try await ["server1", "server2"].asyncMap {
            try await stack.succeed("mysql", $0, "--", "-N", "-e", "CHECKSUM TABLE itbank.account, itbank.transfer")
                .output
        }
        #expect(sums[0] == sums[1], "\(sums)")
    }
}

/// What an app on one host has.
private struct Branch: Sendable {
    let host: String
    let cluster: MySQLCluster
    /// Leads to the host's own server.
    let reader: MySQLConfiguration
    let logger: Logger
}

extension TrialStack {
    fileprivate func branch(on host: String) async throws -> Branch {
        let status = try await status()
        let environment = try readEnvironment(of: try #require(status.service("app", on: host).pid))
        let logger = Logger(label: "bank") { _ in SwiftLogNoOpLogHandler() }
        let configuration = try MySQLClusterConfiguration(environment: environment)
        var reader = configuration.reader
        let place = try status.service("mysql", on: host).address.split(separator: ":")
        reader.address = .tcp(host: String(place[0]), port: try #require(Int(place[1])))
        return Branch(
            host: host, cluster: try MySQLCluster(configuration: configuration, logger: logger), reader: reader,
            logger: logger)
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}

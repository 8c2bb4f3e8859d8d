import Foundation
import Logging
import MySQLConnector
import Synchronization
import TandemMySQL
import Testing

/// 100 accounts with 1,000 each, and every transfer that was made.
final class Bank: Sendable {
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
    private let pause: Duration
    private let book = Mutex(Book())
    private let running: Mutex<[Task<Void, any Error>]> = Mutex([])

    /// - Parameter pause: of each client, at most, between two transfers.
    init(branches: [Branch], pause: Duration = .zero) {
        self.branches = branches
        self.pause = pause
    }

    /// Runs while `body` does.
    func during(_ body: () async throws -> Void) async throws {
        try await doing({ await self.work() }, during: body)
    }

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

    /// Until it is cancelled.
    private func work() async {
        await withDiscardingTaskGroup { group in
            for client in 0..<Self.clients {
                group.addTask { await self.transfer(client, self.branches[client % self.branches.count].cluster) }
            }
            for branch in branches { group.addTask { await self.watch(branch) } }
        }
    }

    private func transfer(_ client: Int, _ cluster: MySQLCluster) async {
        var number = 0
        while !Task.isCancelled {
            number += 1
            try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
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

    struct Sum: Sendable {
        var acknowledged: Int
        var unknown: Int
        var refused: Int
    }

    var sum: Sum {
        book.withLock { Sum(acknowledged: $0.acknowledged.count, unknown: $0.unknown, refused: $0.refused) }
    }

    /// - Parameter isEverTaken: whether no transfer may have been refused: there was always, or soon again, somebody to
    ///   take it.
    func audit(_ stack: TrialStack, isEverTaken: Bool = true) async throws {
        let book = book.withLock { $0 }
        print(
            "bank: \(book.acknowledged.count) transfers acknowledged, \(book.unknown) unknown, \(book.refused) refused; \(book.totals) totals, "
                + "\(book.wrongTotals.count) wrong")
        #expect(book.wrongTotals.isEmpty && book.totals > 100, "\(book.wrongTotals.prefix(10))")
        #expect(book.acknowledged.count > 100)
        #expect(book.refused == 0 || !isEverTaken)
        // The partner may be a moment behind.
        try await Task.sleep(for: .seconds(3))
        for host in branches.map(\.host) {
            func ask(_ query: String) async throws -> String {
                try await stack.succeed("mysql", host, "--", stack.name, "-N", "-e", query).output
            }
            let made = Set(try await ask("SELECT id FROM transfer").split(separator: "\n").map(String.init))
            #expect(
                book.acknowledged.subtracting(made).isEmpty,
                "\(host) lacks \(book.acknowledged.subtracting(made).prefix(10))")
            #expect(made.count <= book.acknowledged.count + book.unknown)
            let wrong = try await ask(
                """
                SELECT COUNT(*) FROM account AS a WHERE balance <> \(Self.each)
                - (SELECT IFNULL(SUM(amount), 0) FROM transfer WHERE source = a.id)
                + (SELECT IFNULL(SUM(amount), 0) FROM transfer WHERE target = a.id)
                """)
            #expect(wrong == "0\n", "\(host): accounts that do not fit their transfers")
        }
        let sums = try await branches.asyncMap {
            try await stack.succeed(
                "mysql", $0.host, "--", stack.name, "-N", "-e", "CHECKSUM TABLE account, transfer"
            ).output
        }
        #expect(Set(sums).count == 1, "\(sums)")
    }
}

/// What an app on one host has.
struct Branch: Sendable {
    let host: String
    let cluster: MySQLCluster
    /// These lead to the host's own server.
    let reader: MySQLConfiguration
    let writer: MySQLConfiguration
    let logger: Logger
}

extension TrialStack {
    func branch(on host: String) async throws -> Branch {
        let status = try await status()
        let environment = try readEnvironment(of: try #require(status.service("app", on: host).pid))
        let logger = Logger(label: "bank") { _ in SwiftLogNoOpLogHandler() }
        let configuration = try MySQLClusterConfiguration(environment: environment)
        var (reader, writer) = (configuration.reader, configuration.writer)
        let place = try status.service("mysql", on: host).address.split(separator: ":")
        reader.address = .tcp(host: String(place[0]), port: try #require(Int(place[1])))
        writer.address = reader.address
        return Branch(
            host: host, cluster: try MySQLCluster(configuration: configuration, logger: logger), reader: reader,
            writer: writer, logger: logger)
    }
}

/// Does `work` while `body` runs, and returns when both have ended.
/// - Parameter work: ends when its task is cancelled.
func doing(_ work: @escaping @Sendable () async -> Void, during body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup { group in
        group.addTask { await work() }
        try await body()
        group.cancelAll()
        do { try await group.waitForAll() } catch is CancellationError {}
    }
}

extension Sequence {
    func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}

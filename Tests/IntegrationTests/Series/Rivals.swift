import Foundation
import MySQLConnector
import Synchronization
import TandemMySQL
import Testing

/// Writes a row on each database server in turn, directly, all the time: no two of them may acknowledge at the same
/// time, and nothing that one acknowledged may be missing in the end.
final class Rivals: Sendable {
    private struct Book {
        /// Who acknowledged what, in this order; where a server did not, its row is nil.
        var answers: [(host: String, id: Int?)] = []
    }

    /// More than any answer takes that is not held up by a partner that says nothing.
    private static let patience = Duration.milliseconds(400)

    private let branches: [Branch]
    private let book = Mutex(Book())

    init(_ branches: [Branch]) { self.branches = branches }

    /// Runs while `body` does.
    func during(_ body: () async throws -> Void) async throws {
        try await branches[0].cluster.withPrimaryConnection { connection in
            _ = try await connection.execute("CREATE TABLE rival (id INT PRIMARY KEY, host VARCHAR(40) NOT NULL)")
        }
        try await doing({ await self.work() }, during: body)
    }

    private func work() async {
        var connections: [String: MySQLConnection] = [:]
        var id = 0
        while !Task.isCancelled {
            for branch in branches {
                id += 1
                let isDone = await write(id, branch, &connections[branch.host])
                let row = isDone ? id : nil
                if !Task.isCancelled { book.withLock { $0.answers.append((branch.host, row)) } }
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
        for connection in connections.values { await connection.close() }
    }

    private func write(_ id: Int, _ branch: Branch, _ connection: inout MySQLConnection?) async -> Bool {
        do {
            let open: MySQLConnection
            if let connection {
                open = connection
            } else {
                var configuration = branch.writer
                configuration.connectTimeout = .seconds(1)
                configuration.queryTimeout = Self.patience
                open = try await MySQLConnection.connect(configuration, logger: branch.logger)
                connection = open
            }
            _ = try await open.query("INSERT INTO rival VALUES (\(id), \(branch.host))")
            return true
        } catch let error as MySQLError where error.code == .server && error.serverErrorNumber == 1290 {
            // Closed, and well: it follows.
            return false
        } catch {
            await connection?.close()
            connection = nil
            return false
        }
    }

    var hasRun: Bool { book.withLock { !$0.answers.isEmpty } }

    /// Asked of all of them once all is whole again.
    func audit(_ stack: TrialStack, on hosts: [String]) async throws {
        let answers = book.withLock { $0.answers }
        let acknowledged = answers.compactMap { answer in answer.id.map { (answer.host, $0) } }
        print(
            "rivals: \(answers.count) attempts, \(acknowledged.count) acknowledged, "
                + hosts.map { host in "\(acknowledged.count { $0.0 == host }) by \(host)" }.joined(separator: ", "))
        #expect(acknowledged.count > 50)
        #expect(Self.overlaps(answers.map { ($0.host, $0.id != nil) }) == [], "servers that acknowledge at once")
        for host in hosts {
            let rows = try await stack.succeed("mysql", host, "--", "-N", "-e", "SELECT id FROM \(stack.name).rival")
                .output.split(separator: "\n").compactMap { Int($0) }
            let missing = Set(acknowledged.map(\.1)).subtracting(rows)
            #expect(missing.isEmpty, "\(host) lacks \(missing.sorted().prefix(10))")
        }
    }

    /// The places at which a server acknowledges that acknowledged before another one did, and was not refused in
    /// between.
    static func overlaps(_ answers: [(host: String, isAcknowledged: Bool)]) -> [Int] {
        /// For each server that acknowledges: since when, without a refusal.
        var since: [String: Int] = [:]
        var last: [String: Int] = [:]
        var overlaps: [Int] = []
        for (place, answer) in answers.enumerated() {
            guard answer.isAcknowledged else {
                since[answer.host] = nil
                continue
            }
            let began = since[answer.host] ?? place
            since[answer.host] = began
            if last.contains(where: { $0.key != answer.host && $0.value > began }) { overlaps.append(place) }
            last[answer.host] = place
        }
        return overlaps
    }
}

@Suite("The count of servers that acknowledge at the same time")
struct RivalsTests {
    @Test("tells a change of primary from two of them")
    func overlaps() {
        func places(_ text: String) -> [Int] {
            Rivals.overlaps(text.map { (String($0).uppercased(), $0.isUppercase) })
        }
        #expect(places("AbAbAbaBaB").isEmpty, "it changed hands")
        #expect(places("AbABaBaB").isEmpty, "the other one took over between the two questions")
        #expect(places("AbABAB") == [4, 5])
        #expect(places("AbABaBAbA").isEmpty, "and back")
    }
}

import Foundation
import MySQLConnector
import MySQLTestServer
import Testing

@Suite("Streams")
struct StreamTests {
    /// A million rows from nothing.
    private static func numbers(_ count: Int) -> String {
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
            + "SELECT a.i * 1000 + b.i - 1000 AS number, REPEAT('x', 100) AS filling FROM n a, n b "
            + "LIMIT \(count)"
    }

    private func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
        return (Int(pages) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }

    @Test("rows come in order and complete, and memory stays flat, however many there are")
    func manyRows() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("SET cte_max_recursion_depth = 2000")
            let query = MySQLQuery(unescaped: Self.numbers(1_000_000))
            var seen = 0
            var sum = 0
            var first = 0
            var largest = 0
            for try await (number, filling) in connection.stream(query).decode((Int, String).self) {
                sum += number
                seen += 1
                if seen == 10_000 { first = try residentBytes() }
                if seen % 50_000 == 0 { largest = max(largest, try residentBytes()) }
                if filling.utf8.count != 100 { Issue.record("row \(seen) is damaged") }
            }
            #expect(seen == 1_000_000 && sum == 1_000_000 * 1_000_001 / 2)
            #expect(largest - first < 20 << 20, "\(first) bytes at first, then \(largest)")
            #expect(try await connection.query("SELECT 1").count == 1)
        }
    }

    @Test("a slow reader holds up the server, not the memory", arguments: [0, 1, 4095, 4096, 4097, 5000])
    func sizes(count: Int) async throws {
        try await withClient(try await SharedServer.configuration, MySQLPoolOptions(maximumConnections: 1)) {
            client async throws in
            let query = MySQLQuery(
                unescaped: "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
                    + "SELECT /*+ SET_VAR(cte_max_recursion_depth=5000) */ i FROM n LIMIT ?",
                bindings: [.int(Int64(count))])
            var numbers: [Int] = []
            for try await row in client.stream(query) { numbers.append(try row.decode((Int).self)) }
            #expect(numbers == Array(1..<(count + 1)))
            #expect(client.statistics.leased == 0 && client.statistics.openedTotal == 1)
        }
    }

    @Test("rows that are kept outlive their batch, their stream and their connection")
    func keptRows() async throws {
        var kept: [MySQLRow] = []
        var numbers: [Int] = []
        try await withConnection { connection async throws in
            _ = try await connection.execute("SET cte_max_recursion_depth = 2000")
            var seen = 0
            for try await row in connection.stream(MySQLQuery(unescaped: Self.numbers(50_000))) {
                seen += 1
                guard seen % 1000 == 0 else { continue }
                kept.append(row)
                numbers.append(try row.decode((Int, String).self).0)
            }
        }
        let decoded = try await Task { [kept] in try kept.map { try $0.decode((Int?, String).self) } }.value
        #expect(decoded.count == 50 && decoded.map(\.0) == numbers)
        #expect(decoded.allSatisfy { $0.1 == String(repeating: "x", count: 100) })
        #expect(kept.allSatisfy { $0.values.count == 2 && $0.columns.map(\.name) == ["number", "filling"] })
    }

    @Test("a row that cannot be decoded ends the loop with the column's name, and the connection is free")
    func undecodable() async throws {
        try await withConnection { connection async throws in
            var seen = 0
            let error = await #expect(throws: MySQLError.self) {
                for try await _ in connection.stream(
                    "SELECT IF(id = 600, NULL, id) AS number FROM (\(unescaped: SharedServer.thousand)) t"
                ).decode((Int).self) { seen += 1 }
            }
            #expect(seen == 599 && error?.code == .decodingFailed && says(error, "number") && says(error, "Int"))
            #expect(try await connection.query("SELECT 1").count == 1)
        }
    }

    @Test("a loop left early ends the statement, and the pool has its connection back", arguments: [1, 1500, 20_000])
    func earlyBreak(after rows: Int) async throws {
        try await withClient(try await SharedServer.configuration, MySQLPoolOptions(maximumConnections: 1)) {
            client async throws in
            let session = try await client.query("SELECT CONNECTION_ID()")[0].decode((Int).self)
            for _ in 0..<3 {
                var seen = 0
                for try await _ in client.stream(MySQLQuery(unescaped: Self.numbers(1_000_000))) {
                    seen += 1
                    if seen == rows { break }
                }
                #expect(seen == rows || rows > 1000)
                #expect(try await client.query("SELECT 5")[0][0] == .int(5))
            }
            let same = try await client.query("SELECT CONNECTION_ID()")[0].decode((Int).self)
            #expect(same == session)
        }
    }

    @Test("after a loop left early the same connection runs the next statement")
    func nextStatement() async throws {
        try await withConnection { connection async throws in
            for limit in [1, 10, 2000] {
                var seen = 0
                for try await _ in connection.stream(
                    "SELECT a.id FROM (\(unescaped: SharedServer.thousand)) a, (\(unescaped: SharedServer.thousand)) b")
                {
                    seen += 1
                    if seen == limit { break }
                }
                #expect(try await connection.query("SELECT \(limit)")[0][0] == .int(Int64(limit)))
            }
        }
    }

    @Test("another statement during the loop is a clear error, and the loop goes on")
    func busy() async throws {
        try await withConnection { connection async throws in
            var seen = 0
            for try await _ in connection.stream("\(unescaped: SharedServer.thousand) LIMIT 1000") {
                seen += 1
                guard seen == 1 else { continue }
                // Small results are read whole at once; this one may be.
                do {
                    _ = try await connection.query("SELECT 1")
                } catch let error as MySQLError {
                    #expect(error.code == .connectionBusy && says(error, "StreamTests.swift"))
                }
            }
            #expect(seen == 1000)
            var error: MySQLError?
            do {
                for try await _ in connection.stream(
                    "SELECT a.id FROM (\(unescaped: SharedServer.thousand)) a, (\(unescaped: SharedServer.thousand)) b")
                {
                    _ = try await connection.query("SELECT 1")
                }
            } catch let failure as MySQLError { error = failure }
            #expect(error?.code == .connectionBusy)
            #expect(try await connection.query("SELECT 1").count == 1)
        }
    }

    @Test("rows that come slowly are there as soon as the server sends them")
    func slowRows() async throws {
        try await withConnection { connection async throws in
            // Large enough that the server's buffer overflows with each row.
            let query: MySQLQuery =
                "SELECT SLEEP(IF(id > 1, 0.4, 0)) AS slept, REPEAT('x', 40000) FROM (SELECT 1 AS id UNION ALL SELECT 2 UNION ALL SELECT 3) t"
            var iterator = connection.stream(query).makeAsyncIterator()
            let start = ContinuousClock.now
            #expect(try await iterator.next() != nil)
            let first = ContinuousClock.now - start
            while try await iterator.next() != nil {}
            #expect(first < (ContinuousClock.now - start) / 2)
        }
    }

    @Test("cancelling the task ends the loop and the statement")
    func cancelled() async throws {
        try await withClient(try await SharedServer.configuration, MySQLPoolOptions(maximumConnections: 1)) {
            client async throws in
            let task = Task {
                var seen = 0
                for try await _ in client.stream(
                    "SELECT SLEEP(0.02), REPEAT('x', 40000) FROM (\(unescaped: SharedServer.thousand)) t")
                {
                    seen += 1
                }
                return seen
            }
            try await Task.sleep(for: .milliseconds(300))
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(try await client.query("SELECT 5")[0][0] == .int(5))
            #expect(client.statistics.openedTotal == 1)
        }
    }

    @Test("an error between rows ends the loop, and the connection lives on")
    func errorBetweenRows() async throws {
        try await withConnection { connection async throws in
            let error = await #expect(throws: MySQLError.self) {
                for try await _ in connection.stream(
                    "SELECT EXP(IF(id < 900, 1, 9999)) FROM (\(unescaped: SharedServer.thousand)) t")
                {}
            }
            #expect(error?.serverErrorNumber == 1690 && error?.file?.hasSuffix("StreamTests.swift") == true)
            #expect(try await connection.query("SELECT 1").count == 1)
        }
    }

    @Test("a loop over a statement without rows ends at once, and the statement was run")
    func noRows() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT PRIMARY KEY)")
            for try await _ in connection.stream("INSERT INTO t VALUES (\(3))") { Issue.record("a row") }
            #expect(try await connection.query("SELECT id FROM t")[0][0] == .int(3))
        }
    }

    @Test("an iterator that leaves its connection's lease behind gets an error, and no rows of another task")
    func outOfLease() async throws {
        try await withClient(try await SharedServer.configuration, MySQLPoolOptions(maximumConnections: 1)) {
            client async throws in
            let rows = try await client.withConnection { connection async throws in
                connection.stream(
                    "SELECT a.id FROM (\(unescaped: SharedServer.thousand)) a, (\(unescaped: SharedServer.thousand)) b")
            }
            var iterator = rows.makeAsyncIterator()
            _ = try await iterator.next()
            try await client.withConnection { _ in }
            // The lease above found the session busy and had it reset.
            try await client.withConnection { lent async throws in
                #expect(try await lent.query("SELECT 1").count == 1)
            }
            await #expect(throws: MySQLError.self) { while try await iterator.next() != nil {} }
        }
    }
}

import MySQLConnector
import MySQLTestServer
import Testing

@Suite("Transactions", .serialized)
struct TransactionTests {
    private func withTable(_ body: (MySQLClient) async throws -> Void) async throws {
        try await withClient(try await SharedServer.configuration, MySQLPoolOptions(maximumConnections: 4)) {
            client async throws in
            _ = try await client.execute("DROP TABLE IF EXISTS account")
            _ = try await client.execute("CREATE TABLE account (id INT PRIMARY KEY, amount INT NOT NULL)")
            _ = try await client.query("INSERT INTO account VALUES (1, 100), (2, 100)")
            try await body(client)
        }
    }

    @Test(
        "each isolation level is the one that the transaction has, and later ones do not",
        arguments: MySQLTransactionOptions.Isolation.allCases)
    func isolation(level: MySQLTransactionOptions.Isolation) async throws {
        try await withTable { client async throws in
            let found = try await client.withTransaction(MySQLTransactionOptions(isolation: level)) {
                connection async throws in
                _ = try await connection.query("SELECT amount FROM account")
                // The server renews this table when nobody has read it for 0.1 s.
                for _ in 0..<10 {
                    let rows = try await connection.query(
                        "SELECT trx_isolation_level FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = CONNECTION_ID()"
                    )
                    if let row = rows.first { return try row.decode((String).self) }
                    try await Task.sleep(for: .milliseconds(200))
                }
                return "no transaction was listed"
            }
            #expect(found == level.rawValue)
            let resets = try await client.execute("SELECT @@transaction_isolation")[0].decode((String).self)
            #expect(resets == "REPEATABLE-READ")
        }
    }

    @Test("a read-only transaction refuses writes, and its connection may write afterwards")
    func readOnly() async throws {
        try await withTable { client async throws in
            let error = await #expect(throws: MySQLError.self) {
                try await client.withTransaction(MySQLTransactionOptions(isReadOnly: true)) {
                    _ = try await $0.query("UPDATE account SET amount = 0")
                }
            }
            #expect(error?.serverErrorNumber == 1792)
            let changed = try await client.query("UPDATE account SET amount = 1")
            #expect(changed.affectedRows == 2)
        }
    }

    /// Two transactions take two rows in opposite order, so that one of them is given up by the server.
    private func deadlock(_ client: MySQLClient, retries: Int) async throws -> (attempts: Int, failures: Int) {
        let attempts = Served()
        let held = Served()
        let failures = await withTaskGroup(of: Bool.self) { group in
            for (first, second) in [(1, 2), (2, 1)] {
                group.addTask {
                    do {
                        try await client.withTransaction(MySQLTransactionOptions(maximumRetries: retries)) {
                            connection async throws in
                            attempts.append(first)
                            _ = try await connection.query("UPDATE account SET amount = amount - 1 WHERE id = \(first)")
                            held.append(first)
                            // Until both have their first row.
                            while held.numbers.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
                            _ = try await connection.query(
                                "UPDATE account SET amount = amount + 1 WHERE id = \(second)")
                        }
                        return false
                    } catch { return (error as? MySQLError)?.isTransactionConflict == true }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        return (attempts.numbers.count, failures)
    }

    @Test("a deadlock is an error, unless a retry was asked for")
    func deadlocks() async throws {
        try await withTable { client async throws in
            let without = try await deadlock(client, retries: 0)
            #expect(without == (2, 1))
            let with = try await deadlock(client, retries: 3)
            #expect(with.attempts >= 3 && with.failures == 0)
            let sum = try await client.query("SELECT SUM(amount) FROM account")[0].decode((Int).self)
            #expect(sum == 200)
        }
    }

    @Test("a cancelled transaction is rolled back, and its connection goes back to the pool")
    func cancelled() async throws {
        try await withTable { client async throws in
            let task = Task {
                try await client.withTransaction { connection async throws in
                    _ = try await connection.query("UPDATE account SET amount = 0")
                    _ = try await connection.query("SELECT SLEEP(60)")
                }
            }
            try await Task.sleep(for: .milliseconds(200))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let sum = try await client.query("SELECT SUM(amount) FROM account")[0].decode((Int).self)
            #expect(sum == 200)
            #expect(client.statistics.leased == 0)
        }
    }
}

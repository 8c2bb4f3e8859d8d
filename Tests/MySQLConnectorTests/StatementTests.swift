import MySQLConnector
import MySQLTestServer
import Testing

@Suite("Statements")
struct StatementTests {
    private func status(_ name: String, _ connection: MySQLConnection) async throws -> Int {
        let rows = try await connection.execute("SHOW SESSION STATUS LIKE '\(name)'")
        return Int(try rows[0].decode("Value", as: String.self)) ?? -1
    }

    /// The server counts what it prepares again by itself, once it sees a parameter's type, twice.
    private func prepared(_ connection: MySQLConnection) async throws -> Int {
        try await status("Com_stmt_prepare", connection) - status("Com_stmt_reprepare", connection)
    }

    @Test(
        "what is interpolated is bound, whatever it holds",
        arguments: ["' OR 1=1 -- ", "\\'; DROP TABLE t; --", "a\u{0}b", "?", "%s`\"", "🐬"])
    func injection(text: String) async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, v TEXT)")
            _ = try await connection.query("INSERT INTO t VALUES (1, 'x'), (2, \(text))")
            let rows = try await connection.query("SELECT id, v FROM t WHERE v = \(text)")
            #expect(rows.count == 1)
            #expect(try rows[0].decode((Int, String).self) == (2, text))
        }
    }

    @Test("`unescaped` is pasted")
    func pasted() async throws {
        let query: MySQLQuery = "SELECT \(unescaped: "1 AS one"), \(2) AS two"
        #expect(query.sql == "SELECT 1 AS one, ? AS two" && query.bindings == [.int(2)])
        try await withConnection { connection async throws in
            let row = try #require(try await connection.query(query).first)
            #expect(row["one"] == .int(1) && row["two"] == .int(2))
        }
    }

    @Test("a statement is prepared once, and the least recently used makes room")
    func cache() async throws {
        try await withConnection {
            $0.statementCacheCapacity = 2
        } _: { connection async throws in
            for number in 0..<5 { _ = try await connection.query("SELECT \(number) AS a") }
            #expect(try await prepared(connection) == 1)
            _ = try await connection.query("SELECT \(1) AS b")
            _ = try await connection.query("SELECT \(1) AS a")
            _ = try await connection.query("SELECT \(1) AS c")
            #expect(try await status("Com_stmt_close", connection) == 1)
            _ = try await connection.query("SELECT \(1) AS a")
            #expect(try await prepared(connection) == 3)
            _ = try await connection.query("SELECT \(1) AS b")
            #expect(try await prepared(connection) == 4)
        }
    }

    @Test("one statement takes values of different types, one after another")
    func changingTypes() async throws {
        try await withConnection { connection async throws in
            for value: MySQLValue in [.int(1), .text("one"), .null, .double(1.5), .bytes([1]), .uint(.max), .text("")] {
                let rows = try await connection.query("SELECT \(value) IS NULL AS nothing, CAST(\(value) AS CHAR) AS v")
                #expect(try rows[0].decode("nothing", as: Bool.self) == value.isNull)
            }
        }
    }

    @Test("a cached statement survives an altered table")
    func alteredTable() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT PRIMARY KEY)")
            _ = try await connection.query("INSERT INTO t VALUES (1)")
            #expect(try await connection.query("SELECT * FROM t").columns.map(\.name) == ["id"])
            _ = try await connection.execute("ALTER TABLE t MODIFY id VARCHAR(9)")
            #expect(try await connection.query("SELECT * FROM t")[0][0] == .text("1"))
            _ = try await connection.execute("ALTER TABLE t RENAME COLUMN id TO name")
            #expect(try await connection.query("SELECT * FROM t").columns.map(\.name) == ["name"])
        }
    }

    @Test("a cached statement survives columns that were added")
    func addedColumn() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT PRIMARY KEY)")
            _ = try await connection.query("INSERT INTO t VALUES (1)")
            _ = try await connection.query("SELECT * FROM t")
            _ = try await connection.execute("ALTER TABLE t ADD COLUMN extra INT DEFAULT 7")
            let row = try #require(try await connection.query("SELECT * FROM t").first)
            #expect(try row.decode((Int, Int).self) == (1, 7))
        }
    }

    @Test("the number of rows, the new id and warnings are reported")
    func counts() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute(
                "CREATE TEMPORARY TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v INT)")
            let inserted = try await connection.query("INSERT INTO t (v) VALUES (1), (2), (3)")
            #expect(inserted.affectedRows == 3 && inserted.lastInsertID == 1 && inserted.isEmpty)
            let updated = try await connection.query("UPDATE t SET v = 9 WHERE id > \(1)")
            #expect(updated.affectedRows == 2 && updated.lastInsertID == nil)
            let ignored = try await connection.query("INSERT IGNORE INTO t VALUES (1, 1)")
            #expect(ignored.affectedRows == 0 && ignored.warnings == 1)
        }
    }

    @Test("the GTID of a commit is reported when asked for")
    func gtids() async throws {
        try await withConnection {
            $0.tracksGTIDs = true
        } _: { connection async throws in
            _ = try await connection.execute("CREATE TABLE IF NOT EXISTS gtids (id INT PRIMARY KEY)")
            let gtid = try #require(try await connection.query("REPLACE INTO gtids VALUES (1)").gtid)
            let executed = try await connection.query("SELECT GTID_SUBSET(\(gtid), @@gtid_executed)")
            #expect(executed[0][0] == .int(1))
        }
        try await withConnection { connection async throws in
            let result = try await connection.query("REPLACE INTO gtids VALUES (2)")
            #expect(result.gtid == nil)
        }
    }

    @Test("of several results the first with columns is given, and the connection stays in step")
    func severalResults() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("DROP PROCEDURE IF EXISTS two")
            _ = try await connection.execute("CREATE PROCEDURE two() BEGIN SELECT 1 AS a; SELECT 2 AS b, 3 AS c; END")
            #expect(try await connection.execute("CALL two()")[0]["a"] == .int(1))
            #expect(try await connection.query("CALL two()")[0]["a"] == .int(1))
            #expect(try await connection.query("SELECT 4")[0][0] == .int(4))
        }
    }

    @Test("an error of the server has its number, SQLSTATE, statement and place, and its description no values")
    func serverErrors() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (v VARCHAR(20) PRIMARY KEY)")
            _ = try await connection.query("INSERT INTO t VALUES (\("it's secret"))")
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("INSERT INTO t VALUES (\("it's secret"))")
            }
            #expect(error?.code == .server && error?.serverErrorNumber == 1062 && error?.sqlState == "23000")
            #expect(
                error?.statement == "INSERT INTO t VALUES (?)" && error?.file?.hasSuffix("StatementTests.swift") == true
            )
            #expect(
                error?.message.contains("secret") == true && says(error, "Duplicate entry") && !says(error, "secret"))
            #expect(connection.isUsable)
        }
    }

    @Test("errors that name only tables and columns keep their text")
    func namesStay() async throws {
        try await withConnection { connection async throws in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SELECT 1 FROM nowhere")
            }
            #expect(error?.serverErrorNumber == 1146 && says(error, "app.nowhere"))
        }
    }

    @Test("an error that comes between rows is the server's, and the connection lives on")
    func errorBetweenRows() async throws {
        try await withConnection { connection async throws in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query(
                    "SELECT CASE WHEN x < 3 THEN x ELSE EXP(999 + x) END FROM (SELECT 1 AS x UNION ALL SELECT 2 UNION ALL SELECT 3) t"
                )
            }
            #expect(error?.code == .server && error?.serverErrorNumber == 1690)
            #expect(try await connection.query("SELECT 1").count == 1)
        }
    }

    @Test("too few bound values are refused, and the connection lives on")
    func bindingCount() async throws {
        try await withConnection { connection async throws in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query(MySQLQuery(unescaped: "SELECT ?, ?", bindings: [.int(1)]))
            }
            #expect(error?.code == .bindingMismatch)
            #expect(try await connection.query("SELECT 1").count == 1)
        }
    }

    @Test("a statement that runs too long is cut off, and the connection closed")
    func queryTimeout() async throws {
        try await withConnection {
            $0.queryTimeout = .milliseconds(300)
        } _: { connection async throws in
            let start = ContinuousClock.now
            let error = await #expect(throws: MySQLError.self) { _ = try await connection.query("SELECT SLEEP(20)") }
            #expect(error?.code == .queryTimeout)
            #expect(ContinuousClock.now - start < .seconds(4))
            #expect(!connection.isUsable)
        }
    }

    @Test("without a time limit a statement may take longer than connecting may")
    func slowStatements() async throws {
        try await withConnection {
            $0.connectTimeout = .seconds(1)
        } _: { connection async throws in
            let rows = try await connection.query("SELECT SLEEP(1.5)")
            #expect(rows[0][0] == .int(0))
        }
    }

    @Test("statements that wait for the server block no task, however many they are")
    func blockingThreads() async throws {
        try await withConnection { holder async throws in
            let started = Served()
            _ = try await holder.query("SELECT GET_LOCK('gate', 0)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<32 {
                    group.addTask {
                        let got = try await withConnection {
                            started.append(number)
                            return try await $0.query("SELECT GET_LOCK('gate', 50), RELEASE_LOCK('gate')")[0][0]
                        }
                        #expect(got == .int(1))
                    }
                }
                while started.numbers.count < 32 { try await Task.sleep(for: .milliseconds(1)) }
                _ = try await holder.query("SELECT RELEASE_LOCK('gate')")
                try await group.waitForAll()
            }
        }
    }

    @Test("a task that is cancelled while it waits for its turn does not break the statement before it")
    func cancelledInLine() async throws {
        try await withConnection { connection async throws in
            let first = Task { try await connection.query("SELECT SLEEP(0.5)") }
            try await Task.sleep(for: .milliseconds(100))
            let second = Task { try await connection.query("SELECT 2") }
            second.cancel()
            await #expect(throws: CancellationError.self) { _ = try await second.value }
            #expect(try await first.value.count == 1)
            #expect(connection.isUsable)
        }
    }
}

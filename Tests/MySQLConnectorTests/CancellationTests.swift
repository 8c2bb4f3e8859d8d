import MySQLConnector
import MySQLTestServer
import Testing

@Suite("Cancellation")
struct CancellationTests {
    @Test("cancelling a task ends its statement at the server, and the connection can be used further")
    func statementEnds() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("SET @kept = 7")
            let task = Task { try await connection.query("SELECT /* cancelled */ SLEEP(60)") }
            try await wait { try await SharedServer.isRunning("cancelled") }
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(try await !SharedServer.isRunning("cancelled"))
            #expect(connection.isUsable)
            #expect(try await connection.query("SELECT @kept")[0][0] == .int(7))
        }
    }

    @Test("a statement that did much is undone, and its transaction can go on")
    func undone() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT PRIMARY KEY)")
            _ = try await connection.execute("START TRANSACTION")
            _ = try await connection.query("INSERT INTO t VALUES (1)")
            let task = Task { try await connection.query("INSERT /* undone */ INTO t SELECT 2 + SLEEP(60)") }
            try await wait { try await SharedServer.isRunning("undone") }
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            _ = try await connection.execute("COMMIT")
            // SLEEP says that it was interrupted by returning 1, and is no error.
            #expect(try await connection.query("SELECT MIN(id) FROM t")[0][0] == .int(1))
        }
    }

    @Test("a cancellation that comes late hits no later statement")
    func late() async throws {
        try await withClient(try await SharedServer.configuration, MySQLPoolOptions(maximumConnections: 2)) {
            client async throws in
            for round in 0..<200 {
                let task = Task { try await client.query("SELECT \(round), SLEEP(0.001)") }
                try await Task.sleep(for: .microseconds(Int.random(in: 0...3000)))
                task.cancel()
                if case .failure(let error) = await task.result { #expect(error is CancellationError) }
                let rows = try await client.query("SELECT SLEEP(0.0005), \(round)")
                #expect(rows[0][0] == .int(0) && rows[0][1] == .int(Int64(round)))
            }
            #expect(client.statistics.openedTotal <= 2)
        }
    }

    @Test("a server that cannot be told is left: the task gets CancellationError, and the connection is closed")
    func unreachable() async throws {
        let server = try await MySQLTestServer.start(address: "127.61.1.3")
        defer { server.stop() }
        try SharedServer.prepare(server)
        let connection = try await MySQLConnection.connect(
            SharedServer.configuration(of: server), logger: quietLogger)
        let task = Task { try await connection.query("SELECT SLEEP(60)") }
        try await wait { try SharedServer.isRunning("SLEEP(60)", on: server) }
        server.setFrozen(true)
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        server.setFrozen(false)
        #expect(!connection.isUsable)
        let later = await #expect(throws: MySQLError.self) { _ = try await connection.query("SELECT 1") }
        #expect(later?.code == .connectionClosed)
        await connection.close()
    }

    @Test("a statement that takes too long does not go on at the server")
    func timeoutEnds() async throws {
        try await withConnection {
            $0.queryTimeout = .milliseconds(300)
        } _: { connection async throws in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SELECT /* too long */ SLEEP(60)")
            }
            #expect(error?.code == .queryTimeout)
            try await wait { try await !SharedServer.isRunning("too long") }
        }
    }
}

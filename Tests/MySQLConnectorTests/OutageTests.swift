import Foundation
import MySQLConnector
import MySQLTestServer
import Testing

/// What harms a server is done to one of their own, one test after another. They also count threads and sessions, which
/// others would disturb.
@Suite("Outages", .serialized)
struct OutageTests {
    private static let serverTask = Task {
        let server = try await MySQLTestServer.start(address: "127.61.1.2")
        try SharedServer.prepare(server)
        return server
    }

    private func withPool(
        _ maximum: Int, _ body: (MySQLTestServer, MySQLClient) async throws -> Void
    ) async throws {
        let server = try await Self.serverTask.value
        var options = MySQLPoolOptions(maximumConnections: maximum)
        options.acquireTimeout = .seconds(20)
        try await withClient(SharedServer.configuration(of: server), options) { client async throws in
            try await body(server, client)
        }
    }

    private func sessions(_ server: MySQLTestServer) throws -> Int {
        let text = try server.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'")
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    @Test("a server killed under the pool and started again is found again")
    func killedAndRestarted() async throws {
        try await withPool(4) { server, client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { _ = try await client.query("SELECT SLEEP(0.1)") } }
                try await group.waitForAll()
            }
            #expect(client.statistics.idle >= 1)
            let running = Task { try await client.query("SELECT SLEEP(20)") }
            try await wait { client.statistics.leased == 1 }
            try await Task.sleep(for: .milliseconds(300))
            server.kill()
            let error = await #expect(throws: MySQLError.self) { _ = try await running.value }
            #expect(error?.code == .connectionClosed)
            let waiting = Task { try await client.query("SELECT 7") }
            try await server.startAgain()
            #expect(try await waiting.value[0][0] == .int(7))
            let rows = try await client.query("SELECT 8")
            #expect(rows[0][0] == .int(8))
        }
    }

    @Test("a connection to a server that became read-only is not used again")
    func readOnly() async throws {
        try await withPool(1) { server, client async throws in
            _ = try await client.execute("CREATE TABLE IF NOT EXISTS notes (id INT PRIMARY KEY)")
            let before = try await client.query("SELECT CONNECTION_ID()")[0].decode((Int).self)
            try server.sql("SET GLOBAL super_read_only = ON")
            let error = await #expect(throws: MySQLError.self) {
                _ = try await client.query("REPLACE INTO notes VALUES (1)")
            }
            try server.sql("SET GLOBAL read_only = OFF")
            #expect(error?.serverErrorNumber == 1290)
            let after = try await client.query("SELECT CONNECTION_ID()")[0].decode((Int).self)
            #expect(before != after)
        }
    }

    @Test("a session that the server ended while it lay idle is noticed before it is lent out")
    func killedWhileIdleAndLent() async throws {
        try await withPool(1) { server, client async throws in
            for round in 0..<6 {
                let id = try await client.query("SELECT CONNECTION_ID()")[0].decode((Int).self)
                try server.sql("KILL \(id)")
                try await wait {
                    try server.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE id = \(id)").hasPrefix(
                        "0")
                }
                let rows =
                    round % 2 == 0
                    ? try await client.withConnection { try await $0.query("SELECT 1") }
                    : try await client.withTransaction { try await $0.query("SELECT 1") }
                #expect(rows.count == 1)
            }
        }
    }

    @Test("a session that the server ended while it lay idle is noticed before it is used")
    func killedWhileIdle() async throws {
        try await withPool(1) { server, client async throws in
            for _ in 0..<5 {
                let id = try await client.query("SELECT CONNECTION_ID()")[0].decode((Int).self)
                try server.sql("KILL \(id)")
                while try server.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE id = \(id)").hasPrefix(
                    "1")
                {}
                let rows = try await client.query("SELECT 1")
                #expect(rows.count == 1)
            }
            #expect(client.statistics.openedTotal == 6)
        }
    }

    @Test("a server gets no file of this process, whatever a statement says")
    func localFiles() async throws {
        let server = try await Self.serverTask.value
        try server.sql(
            "SET GLOBAL local_infile = ON; CREATE TABLE app.loaded (line VARCHAR(500), id INT PRIMARY KEY AUTO_INCREMENT)"
        )
        defer { _ = try? server.sql("SET GLOBAL local_infile = OFF; DROP TABLE app.loaded") }
        let connection = try await MySQLConnection.connect(
            SharedServer.configuration(of: server), logger: quietLogger)
        await #expect(throws: MySQLError.self) {
            try await connection.execute("LOAD DATA LOCAL INFILE '/proc/self/status' INTO TABLE loaded (line)")
        }
        await connection.close()
        #expect(try server.sql("SELECT COUNT(*) FROM app.loaded") == "0\n")
    }

    @Test("a frozen server is given up after the connect timeout, and found when it thaws")
    func frozen() async throws {
        let server = try await Self.serverTask.value
        var configuration = SharedServer.configuration(of: server)
        configuration.connectTimeout = .seconds(1)
        server.setFrozen(true)
        let error = await #expect(throws: MySQLError.self) {
            _ = try await MySQLConnection.connect(configuration, logger: quietLogger)
        }
        #expect(error?.code == .connectFailed)
        let attempt = Task { [configuration] in try await MySQLConnection.connect(configuration, logger: quietLogger) }
        attempt.cancel()
        await #expect(throws: CancellationError.self) { _ = try await attempt.value }
        server.setFrozen(false)
        let connection = try await MySQLConnection.connect(configuration, logger: quietLogger)
        await connection.close()
        await connection.close()
    }

    @Test("threads and sessions end with their connections, descriptors too")
    func noLeaks() async throws {
        let server = try await Self.serverTask.value
        try await withPool(16) { _, client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 { group.addTask { _ = try await client.query("SELECT SLEEP(1)") } }
                try await group.waitForAll()
            }
            // The library's socket and a duplicate of each. On a busy machine some are still being opened.
            try await wait { try sessions(server) == 16 && threads(of: server) >= 16 && sockets(to: server) == 32 }
        }
        // A dropped connection, too, that nobody closed.
        do { _ = try await MySQLConnection.connect(SharedServer.configuration(of: server), logger: quietLogger) }
        let deadline = ContinuousClock.now + .seconds(10)
        while try sessions(server) > 0 || threads(of: server) > 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try sessions(server) == 0)
        #expect(threads(of: server) == 0)
        #expect(sockets(to: server) == 0)
    }

    /// Connections name their threads after their server.
    private func threads(of server: MySQLTestServer) -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.count { task in
            (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)) == "my:\(server.address)\n"
        }
    }

    private func sockets(to server: MySQLTestServer) -> Int {
        (0..<1024).count { descriptor in
            var peer = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let failed = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getpeername(Int32(descriptor), $0, &length)
                }
            }
            return failed == 0 && peer.sin_family == sa_family_t(AF_INET)
                && peer.sin_addr.s_addr == inet_addr(server.address)
        }
    }
}

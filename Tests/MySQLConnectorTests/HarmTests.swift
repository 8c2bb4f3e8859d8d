import Foundation
import MySQLConnector
import MySQLTestServer
import Testing

/// What a client must stand: from users, and from servers.
@Suite("Harm")
struct HarmTests {
    private static let injections = [
        "'; DROP TABLE harm; --", "' OR '1'='1", "\\'; DELETE FROM harm; #", "\u{0}' UNION SELECT 1 -- ", "%_\\%\\_",
        "\u{BF}\u{27} OR 1=1", "/* */ ; SELECT SLEEP(5)", "\u{2019}; DROP", "?", "\\", "\n\r\t\u{1A}\u{8}", "🐬'\"`",
    ]

    @Test("what looks like SQL is stored and found as it is, and does nothing", arguments: injections)
    func injection(text: String) async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute(
                "CREATE TEMPORARY TABLE harm (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100) COLLATE utf8mb4_bin)")
            _ = try await connection.query("INSERT INTO harm (v) VALUES ('kept'), (\(text))")
            let rows = try await connection.query("SELECT id, v FROM harm WHERE v = \(text)")
            #expect(rows.count == 1 && rows[0]["v"] == .text(text))
            #expect(try await connection.query("SELECT COUNT(*) FROM harm")[0][0] == .int(2))
        }
    }

    @Test("of two statements in one text neither is run")
    func twoStatements() async throws {
        try await withConnection { connection async throws in
            for attempt in ["SELECT 1; SELECT 2", "DO 0; DROP TABLE x"] {
                await #expect(throws: MySQLError.self) { _ = try await connection.execute(attempt) }
                await #expect(throws: MySQLError.self) {
                    _ = try await connection.query(MySQLQuery(unescaped: attempt))
                }
            }
            #expect(connection.isUsable)
        }
    }

    @Test("64 MB pass when the limits allow it, and are a clear error when they do not")
    func largeValues() async throws {
        let size = 64 << 20
        let bytes = [UInt8](repeating: 0xA5, count: size)
        // The server's limit is 64 MB with the rest of the packet.
        try await withConnection { connection async throws in
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SELECT LENGTH(\(bytes))")
            }
            #expect(says(error, "max_allowed_packet"))
        }
        let server = try await SharedServer.server
        try server.sql("SET GLOBAL max_allowed_packet = 128 << 20")
        defer { _ = try? server.sql("SET GLOBAL max_allowed_packet = 64 << 20") }
        try await withConnection {
            $0.maximumPacketBytes = 100 << 20
        } _: { connection async throws in
            let row = try #require(
                try await connection.query("SELECT \(bytes) AS b").first)
            #expect(try row.decode("b", as: [UInt8].self) == bytes)
        }
    }

    @Test("bytes that are no UTF-8 are refused where text belongs, by the server or when they are read")
    func invalidUTF8() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, v VARCHAR(10))")
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("INSERT INTO t VALUES (1, \([0xC3, 0x28] as [UInt8]))")
            }
            #expect(error?.serverErrorNumber == 1366)
            let row = try #require(try await connection.query("SELECT \([0xC3, 0x28] as [UInt8]) AS raw").first)
            #expect(throws: MySQLError.self) { try row.decode("raw", as: String.self) }
            #expect(try row.decode("raw", as: [UInt8].self) == [0xC3, 0x28])
        }
    }

    @Test("a server that ends in the middle of a result is a clear error, and the pool finds it again")
    func serverEndsInResult() async throws {
        let server = try await MySQLTestServer.start(address: "127.61.1.4")
        defer { server.stop() }
        try SharedServer.prepare(server)
        let query: MySQLQuery =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT a.i, REPEAT('x', 500) FROM n a, n b"
        var options = MySQLPoolOptions(maximumConnections: 2)
        options.acquireTimeout = .seconds(30)
        try await withClient(SharedServer.configuration(of: server), options) { client async throws in
            var seen = 0
            let error = await #expect(throws: MySQLError.self) {
                for try await _ in client.stream(query) {
                    seen += 1
                    if seen == 10_000 { server.kill() }
                }
            }
            #expect(error?.code == .connectionClosed && seen >= 10_000 && seen < 1_000_000)
            try await server.startAgain()
            #expect(try await client.query("SELECT 1").count == 1)
        }
    }
}

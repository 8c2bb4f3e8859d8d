import Foundation
import MySQLConnector
import MySQLTestServer
import Testing

@testable import TandemReplication

@Suite("What a data directory holds")
struct InventoryTests {
    private func truncate(_ path: String, by count: UInt64) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        defer { try? handle.close() }
        let size = try handle.seekToEnd()
        try handle.truncate(atOffset: size - count)
    }

    @Test("is what its server says, up and down, with rotated, purged and torn logs", .timeLimit(.minutes(3)))
    func logged() async throws {
        let server = try await MySQLTestServer.startForDisks("127.200.1.11", id: 1)
        defer { server.stop() }
        func isAsServerSays(_ what: Comment) async throws {
            let inventory = try await LogInventory.read(server.dataFolder)
            #expect(inventory.logged == (try server.executed), what)
            #expect(inventory.relayed.isEmpty && !inventory.knowsBeginning && !inventory.isClosed, what)
        }
        try await isAsServerSays("new")
        try server.sql(
            """
            CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v LONGTEXT); INSERT INTO shop.t VALUES (1, 'a');
            CREATE TABLE shop.copy (PRIMARY KEY (id)) SELECT id FROM shop.t;
            SET gtid_next='aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:tagged:7'; INSERT INTO shop.t VALUES (2, 'b');
            SET gtid_next='aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:9'; INSERT INTO shop.t VALUES (3, 'b'); SET gtid_next=AUTOMATIC;
            XA START 'x'; INSERT INTO shop.t VALUES (4, 'x'); XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x';
            XA START 'y'; INSERT INTO shop.t VALUES (5, 'x'); XA END 'y'; XA PREPARE 'y'; XA ROLLBACK 'y';
            SET binlog_transaction_compression=ON; INSERT INTO shop.t VALUES (6, REPEAT('z', 100000));
            SET binlog_transaction_compression=OFF; INSERT INTO shop.t VALUES (7, REPEAT('z', 1000000));
            SET binlog_format=STATEMENT; INSERT INTO shop.t VALUES (8, RAND()); SET binlog_format=ROW;
            BEGIN; INSERT INTO shop.t VALUES (9, 'x'); SAVEPOINT s; INSERT INTO shop.t VALUES (10, 'x'); ROLLBACK TO s; COMMIT;
            CREATE USER somebody IDENTIFIED BY 'x'; DROP TABLE shop.copy;
            """)
        try await isAsServerSays("all kinds")
        try server.sql("FLUSH BINARY LOGS; INSERT INTO shop.t VALUES (11, 'x'); FLUSH BINARY LOGS")
        try await isAsServerSays("rotated")
        let last = try #require(try server.dataFolder.logs("binlog").last)
        try server.sql(
            "PURGE BINARY LOGS TO '\(URL(filePath: last).lastPathComponent)'; INSERT INTO shop.t VALUES (12, 'x')")
        try await isAsServerSays("purged")

        // Logged, and not committed: nobody acknowledges it.
        let all = try server.executed
        try server.sql("SET GLOBAL rpl_semi_sync_source_enabled = ON")
        let client = Task {
            try await server.with { _ = try await $0.execute("INSERT INTO shop.t VALUES (13, REPEAT('x', 9000))") }
        }
        try await eventually("it is logged") { try await LogInventory.read(server.dataFolder).logged.count > all.count }
        #expect(try server.executed == all)
        server.kill()
        _ = await client.result
        #expect(try await LogInventory.read(server.dataFolder).logged.count == all.count + 1)
        // Power lost while it was written: of its last event some bytes are missing.
        try truncate(last, by: 11)
        #expect(try await LogInventory.read(server.dataFolder).logged == all)
        try await server.startAgain()
        #expect(try server.executed == all)
        #expect(try server.value("SELECT COUNT(*) FROM shop.t WHERE id = 13") == "0")
        try await isAsServerSays("after a crash")

        try server.sql("SHUTDOWN")
        try await eventually("it has ended") {
            try await LogInventory.read(server.dataFolder).isClosed
                && !FileManager.default.fileExists(atPath: server.socketPath)
        }
        #expect(try await LogInventory.read(server.dataFolder).logged == all)
    }

    @Test("while its server writes is never less than what was committed before", .timeLimit(.minutes(2)))
    func active() async throws {
        let server = try await SharedServer.server
        try server.sql(
            "CREATE DATABASE IF NOT EXISTS busy; CREATE TABLE busy.t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)")
        let data = DataFolder(server.dataFolder.path)
        let writer = Task {
            try await server.with { connection in
                for _ in 0..<400 {
                    try await connection.execute("INSERT INTO busy.t (v) VALUES (REPEAT('x', 20000))")
                    if Task.isCancelled { break }
                }
            }
        }
        for round in 0..<40 {
            let before = try server.executed
            let seen = try await LogInventory.read(data).logged
            #expect(before.subtracting(seen).isEmpty, "round \(round)")
            // A commit is logged before it is done.
            try await eventually("all that was logged is committed") {
                try seen.subtracting(server.executed).isEmpty
            }
            if round % 10 == 5 { try server.sql("FLUSH BINARY LOGS") }
        }
        writer.cancel()
        _ = await writer.result
    }
}

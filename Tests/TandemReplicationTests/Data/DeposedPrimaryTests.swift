import Foundation
import MySQLConnector
import MySQLTestServer
import TandemFailover
import TandemServices
import Testing

@testable import TandemReplication

/// Two servers: the second is a copy of the first, follows it, takes over from it, and the first comes back.
@Suite("A deposed primary")
struct DeposedPrimaryTests {
    @Test("is copied, exports what nobody acknowledged, is cut, and follows the new primary", .timeLimit(.minutes(5)))
    func comesBack() async throws {
        async let starting = MySQLTestServer.startForDisks("127.200.1.12", id: 1)
        let second = try await MySQLTestServer.startForDisks("127.200.1.13", id: 2)
        let first = try await starting
        defer {
            first.stop()
            second.stop()
        }
        try prepare(first)
        let began = try first.executed
        try await copies(first, to: second)
        try await isComplete(second, began)
        try await receives(first, second)
        let tail = try await leavesTail(first, second)
        let file = try await exports(first, tail)
        try await givesBack(file, tail, to: second)
        try await isCut(first, tail)
        try await first.startAgain()
        #expect(try first.executed.subtracting(try second.executed).isEmpty)
        try first.follow(second)
        try await eventually("it has all that its primary has") {
            try first.executed == (try second.executed)
        }
        #expect(try checksums(first) == checksums(second))
        try await copiesAgain(second, to: first)
    }

    private func prepare(_ first: MySQLTestServer) throws {
        try first.sql(
            """
            CREATE USER repl IDENTIFIED BY 'r'; GRANT REPLICATION SLAVE ON *.* TO repl;
            CREATE USER \(DatabaseUser.clone) IDENTIFIED BY 'c'; GRANT BACKUP_ADMIN ON *.* TO \(DatabaseUser.clone);
            CREATE DATABASE tandem; CREATE TABLE tandem.heartbeat (id INT PRIMARY KEY, epoch INT);
            CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v TEXT);
            CREATE TABLE shop.kinds (id INT PRIMARY KEY, `a ``quoted`` name` TEXT CHARACTER SET latin1, b BLOB, j JSON,
                d DECIMAL(10, 3), e ENUM('a', 'b'), f DOUBLE, at TIMESTAMP(3) NULL);
            INSERT INTO shop.t VALUES (1, 'first'), (2, 'second'), (3, 'third'); INSERT INTO tandem.heartbeat VALUES (1, 1);
            INSERT INTO shop.kinds (id) VALUES (1)
            """)
        try first.sql("FLUSH BINARY LOGS; PURGE BINARY LOGS TO 'binlog.000003'")
    }

    private func copies(_ first: MySQLTestServer, to second: MySQLTestServer) async throws {
        let before = try second.executed
        await #expect(throws: DataError.self) {
            try await second.cloneSwap(first).copy(from: donor(first), remembering: memory)
        }
        second.kill()
        let swap = second.cloneSwap(first)
        // Given up while its donor does not answer: the data is as it was, and nothing runs on.
        first.setFrozen(true)
        let attempt = Task { try await swap.copy(from: donor(first), remembering: memory) }
        try await eventually("the throwaway server waits for its donor") {
            FileManager.default.fileExists(atPath: swap.program.recordFile)
                && FileManager.default.fileExists(atPath: swap.program.socket)
        }
        try await Task.sleep(for: .milliseconds(300))
        attempt.cancel()
        await #expect(throws: (any Error).self) { try await attempt.value }
        first.setFrozen(false)
        #expect(try Self.users(of: second.folder.path).isEmpty)
        #expect(try Set(names(second)).isDisjoint(with: ["data.new", "data.receiver", "data.old", "throwaway.json"]))
        #expect(try await LogInventory.read(second.dataFolder).logged == before)

        let start = ContinuousClock.now
        try await swap.copy(from: donor(first), remembering: memory)
        print("a copy took \(ContinuousClock.now - start)")
        #expect(try Self.users(of: second.folder.path).isEmpty)
        #expect(swap.folders.hasOld)
        #expect(try await LogInventory.read(DataFolder(swap.folders.old)).logged == before)
        try await swap.dropOld()
        #expect(try Set(names(second)).isDisjoint(with: ["data.new", "data.receiver", "data.old", "data.discarded"]))
    }

    private let memory = CloneSwap.Memory(knownCluster: 8731, hold: HoldOrder(isHeld: false, number: 4))

    private func donor(_ server: MySQLTestServer) -> CloneSwap.Donor {
        CloneSwap.Donor(address: server.address, port: server.port, password: "c")
    }

    private func names(_ server: MySQLTestServer) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: server.folder.path)
    }

    /// The programs that were started with this folder.
    private static func users(of folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int32($0) != nil }.compactMap { pid in
            let words = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
            return words.flatMap { $0.contains("mysqld") && $0.contains(folder) && !$0.contains("/bin/sh") ? $0 : nil }
        }
    }

    /// A copy comes without logs; what it has is known though it is down.
    private func isComplete(_ second: MySQLTestServer, _ began: TransactionSet) async throws {
        let down = try await LogInventory.read(second.dataFolder)
        #expect(down.knowsBeginning && down.logged == began)
        let notes = DataNotes(second.dataFolder, names: HostNames(["server1", "server2"]))
        #expect(notes.membership() == .noted(DataMembership(knownCluster: 8731)))
        #expect(notes.hold() == .noted(HoldOrder(isHeld: false, number: 4)))
        try await second.startAgain()
        #expect(try second.executed == began)
        // mysqld lets the notes be, and its logs never have what it began with.
        #expect(notes.beginning() == .noted(began))
        #expect(try await LogInventory.read(second.dataFolder).logged == began)
    }

    /// What is in the relay log alone, with the last transaction torn: as mysqld itself counts it.
    private func receives(_ first: MySQLTestServer, _ second: MySQLTestServer) async throws {
        try second.follow(first)
        try second.sql("STOP REPLICA SQL_THREAD")
        try first.sql("INSERT INTO shop.t VALUES (10, 'x'); INSERT INTO shop.t VALUES (11, REPEAT('y', 60000))")
        let all = try first.executed
        try await eventually("all is received") {
            let inventory = try await LogInventory.read(second.dataFolder)
            return all.subtracting(inventory.relayed.union(inventory.logged)).isEmpty
        }
        let relayed = try await LogInventory.read(second.dataFolder).relayed
        #expect(relayed.count == 2)
        // What was only received can be exported as well.
        let file = try #require(try await second.export("server2").export(relayed))
        #expect(try String(contentsOfFile: file, encoding: .utf8).contains("###   `v`='x'"))
        second.kill()
        let log = try #require(try second.dataFolder.logs("relay").last)
        let handle = try FileHandle(forUpdating: URL(filePath: log))
        try handle.truncate(atOffset: try handle.seekToEnd() - 20)
        try handle.close()
        let torn = try await LogInventory.read(second.dataFolder).relayed
        #expect(torn.count == 1)
        // Nothing was lost: what is torn is sent again.
        try await second.startAgain()
        let received = try second.value(
            "SELECT RECEIVED_TRANSACTION_SET FROM performance_schema.replication_connection_status")
        #expect(try TransactionSet(text: received) == torn)
        try second.sql("START REPLICA")
        try await eventually("all is applied") { try second.executed == (try first.executed) }
    }

    /// The receiver is off when fifty clients commit: they wait until the primary is killed.
    private func leavesTail(_ first: MySQLTestServer, _ second: MySQLTestServer) async throws -> TransactionSet {
        try second.sql("STOP REPLICA")
        try first.sql("SET GLOBAL rpl_semi_sync_source_enabled = ON")
        let before = try first.executed
        let statements =
            [
                "UPDATE shop.t SET v = 'changed' WHERE id = 1", "DELETE FROM shop.t WHERE id = 2",
                "REPLACE INTO tandem.heartbeat VALUES (1, 2)", "CREATE TABLE shop.more (id INT PRIMARY KEY, v INT)",
                """
                INSERT INTO shop.kinds VALUES (2, _latin1 x'e9', x'00ff', '{"a": [1, 2.5]}', -12.345, 'b', 0.1,
                    '2026-01-02 03:04:05.678')
                """,
            ] + (100..<145).map { "INSERT INTO shop.t VALUES (\($0), 'it''s\nrow \($0)')" }
        let clients = statements.map { statement in
            Task {
                try await first.with {
                    // As agents write theirs; see `DatabaseServer.beats`.
                    if statement.contains("heartbeat") {
                        try await $0.execute("SET SESSION binlog_transaction_compression = OFF")
                    }
                    _ = try await $0.execute(statement)
                }
            }
        }
        try await eventually("all of them are logged") {
            try await LogInventory.read(first.dataFolder).logged.subtracting(before).count == 50
        }
        // A server that runs loses nothing.
        let logged = try await LogInventory.read(first.dataFolder).logged
        await #expect(throws: DataError.self) { try await LogCut(first.dataFolder).cut(logged.subtracting(before)) }
        #expect(try await LogInventory.read(first.dataFolder).logged == logged)
        first.kill()
        for client in clients { _ = await client.result }
        try second.sql("RESET REPLICA ALL")
        let tail = try await LogInventory.read(first.dataFolder).logged.subtracting(try second.executed)
        #expect(tail.count == 50)
        return tail
    }

    private func exports(_ first: MySQLTestServer, _ tail: TransactionSet) async throws -> String {
        let export = first.export("server1")
        let start = ContinuousClock.now
        let file = try #require(try await export.export(tail))
        print("an export of 50 transactions took \(ContinuousClock.now - start)")
        let bytes = try Data(contentsOf: URL(filePath: file))
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("-- state:        epoch 4, primary server2"))
        #expect(text.contains("###   `v`='changed'") && text.contains("###   `a ``quoted`` name`="))
        #expect(text.contains("CREATE TABLE shop.more") && !text.contains("heartbeat"))
        #expect(!text.contains("###   @"))
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        // Again: the same file, untouched.
        let modified = try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
        #expect(try await export.export(tail) == file)
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date == modified)
        #expect(try FileManager.default.contentsOfDirectory(atPath: export.exportFolder).count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: export.temporaryFolder).isEmpty)
        // What is nowhere cannot be exported.
        let unknown = try TransactionSet(text: "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:1")
        await #expect(throws: DataError.self) { try await export.export(tail.union(unknown)) }
        return file
    }

    private func givesBack(_ file: String, _ tail: TransactionSet, to second: MySQLTestServer) async throws {
        // Somebody has used one of the keys meanwhile: it stops there.
        try second.sql("INSERT INTO shop.t VALUES (120, 'another')")
        #expect(throws: MySQLTestServer.Failure.self) { try second.apply(file) }
        #expect(try second.value("SELECT v FROM shop.t WHERE id = 120") == "another")
        try second.sql(
            "DELETE FROM shop.t WHERE id >= 100; DROP TABLE IF EXISTS shop.more; DELETE FROM shop.kinds WHERE id = 2")
        try second.sql("REPLACE INTO shop.t VALUES (1, 'first'), (2, 'second')")
        try second.apply(file)
        #expect(try second.value("SELECT COUNT(*) FROM shop.t WHERE id >= 100") == "45")
        #expect(try second.value("SELECT v FROM shop.t WHERE id = 1") == "changed")
        #expect(try second.value("SELECT COUNT(*) FROM shop.t WHERE id = 2") == "0")
        #expect(
            try second.value("SELECT HEX(`a ``quoted`` name`), HEX(b), j->'$.a[1]', d, e FROM shop.kinds WHERE id = 2")
                == "E9\t00FF\t2.5\t-12.345\tb")
        #expect(try second.value("SELECT epoch FROM tandem.heartbeat") == "1")
        #expect(throws: MySQLTestServer.Failure.self) { try second.apply(file) }
        // Under numbers of its own: the old ones stay lost.
        let executed = try second.executed
        #expect(executed.subtracting(tail) == executed)
    }

    private func isCut(_ first: MySQLTestServer, _ tail: TransactionSet) async throws {
        let uuid = try String(contentsOfFile: first.dataFolder.uuidFile, encoding: .utf8)
        let start = ContinuousClock.now
        try await LogCut(first.dataFolder).cut(tail)
        print("a cut took \(ContinuousClock.now - start)")
        try await LogCut(first.dataFolder).cut(tail)
        #expect(
            try await LogInventory.read(first.dataFolder).logged.subtracting(tail)
                == LogInventory.read(first.dataFolder).logged)
        try await first.startAgain()
        #expect(try first.value("SELECT COUNT(*) FROM shop.t WHERE id >= 100") == "0")
        #expect(try first.value("SELECT v FROM shop.t WHERE id = 1") == "first")
        #expect(try first.value("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'more'") == "0")
        #expect(try first.value("SELECT epoch FROM tandem.heartbeat") == "1")
        #expect(try String(contentsOfFile: first.dataFolder.uuidFile, encoding: .utf8) != uuid)
        #expect(try await LogInventory.read(first.dataFolder).logged == (try first.executed))
        first.kill()
    }

    /// Killed with its throwaway server at work, as an agent that dies: the next one ends that and begins again.
    private func copiesAgain(_ second: MySQLTestServer, to first: MySQLTestServer) async throws {
        first.kill()
        let swap = first.cloneSwap(second)
        let sleeper = try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sleep", "600"], environment: [:], workingDirectory: "/",
                logFile: first.folder.appending(path: "sleeper.log").path))
        try JSONEncoder().encode(sleeper.identity).write(to: URL(filePath: swap.program.recordFile))
        try FileManager.default.createDirectory(atPath: swap.folders.copy, withIntermediateDirectories: true)
        try await swap.copy(from: donor(second), remembering: .init(knownCluster: nil, hold: nil))
        #expect(sleeper.hasEnded)
        #expect(await sleeper.waitForEnd() == .killed(signal: SIGKILL))
        // Neither the donor's notes nor those of the old data.
        let notes = DataNotes(first.dataFolder, names: HostNames(["server1", "server2"]))
        #expect(notes.membership() == .noted(DataMembership()) && notes.hold() == .absent)
        try await first.startAgain()
        #expect(try first.executed == (try second.executed))
        #expect(try checksums(first) == checksums(second))
    }
}

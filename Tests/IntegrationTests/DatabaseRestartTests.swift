import Foundation
import Glibc
import Testing

extension IntegrationTests {
    @Test(
        "a planned restart of a database server fails no app that connects anew, a crash none that connects after it; a dump can be restored"
    )
    func databaseRestart() async throws {
        let stack = try TrialStack("itdb", "app:\n  run: '\(TrialStack.conduit)'\ndatabase:\n  wait: 60s")
        do {
            try await stack.succeed("up", "--detach")
            let status = try await stack.status()
            let environment = try readEnvironment(of: try #require(status.service("app", on: "server1").pid))
            for target in ["server1/mysql", "server2/mysql"] {
                let outcome = try await underLoad(environment) { try await stack.succeed("restart", target) }
                // None on a machine with time to spare; on a busy one a session may be cut while it logs in. Without
                // the wait it is some twenty.
                #expect(outcome.failures.count <= 2, "\(target): \(outcome)")
                #expect(outcome.write.count > 5 && outcome.read.count > 5, "\(target): \(outcome)")
            }
            try await checkCrash(stack, environment)
            try await checkDump(stack)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    /// Who connects after a crash waits for the next server; only those go under whom the one that dies has taken.
    private func checkCrash(_ stack: TrialStack, _ environment: [String: String]) async throws {
        let before = try #require(try await stack.status().service("mysql", on: "server1").pid)
        let outcome = try await underLoad(environment) {
            try #require(kill(before, SIGKILL) == 0)
            for _ in 0..<300 {
                let status = try await stack.status()
                let server = try status.service("mysql", on: "server1")
                if status.state == "up", server.state == "running", server.pid != before { break }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        #expect(outcome.write.count > 5, "\(outcome)")
        // One for each of the four clients, or two where the machine takes its time to clear the dead server away.
        #expect(outcome.failures.count <= 8, "\(outcome)")
        let log = try String(contentsOfFile: "\(stack.stateFolder)/hosts/server1/log/router.log", encoding: .utf8)
        let lost = log.split(separator: "\n").filter { $0.contains("/<NOSRV>") && $0.contains(" SC ") }
        #expect(lost.isEmpty, "\(lost)")
    }

    private struct Outcome: Decodable {
        struct Kind: Decodable {
            var count: Int
            var longest: Double
        }
        var write: Kind
        var read: Kind
        var failures: [String]
    }

    private func underLoad(_ environment: [String: String], _ change: () async throws -> Void) async throws -> Outcome {
        let stop = "/tmp/it-stop-\(UUID())"
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Clients/restart.py").path
        let database = environment.filter { $0.key.hasPrefix("DATABASE_") }
        async let load = Program.run("/usr/bin/python3", [script, stop], environment: database)
        let finished: Result<Void, any Error>
        do {
            try await Task.sleep(for: .seconds(1))
            try await change()
            try await Task.sleep(for: .seconds(1))
            finished = .success(())
        } catch {
            finished = .failure(error)
        }
        _ = FileManager.default.createFile(atPath: stop, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: stop) }
        let outcome = try await load
        try finished.get()
        try #require(outcome.status == 0, "\(outcome)")
        return try JSONDecoder().decode(Outcome.self, from: Data(outcome.output.utf8))
    }

    /// What the dump holds is there again, and the app's tables are all in it.
    private func checkDump(_ stack: TrialStack) async throws {
        try await stack.succeed(
            "mysql", "--", "-e",
            """
            CREATE TABLE kept (id INT PRIMARY KEY, bytes BLOB, words TEXT);
            INSERT INTO kept VALUES (1, x'00ff27', 'grüße'), (2, NULL, '');
            CREATE FUNCTION twice(n INT) RETURNS INT RETURN n * 2;
            CREATE TRIGGER doubled BEFORE UPDATE ON kept FOR EACH ROW SET NEW.words = twice(2);
            CREATE EVENT later ON SCHEDULE AT '2037-01-01' DO DELETE FROM kept;
            CREATE VIEW seen AS SELECT id FROM kept;
            """)
        let file = "/tmp/it-dump-\(UUID()).sql"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let table = "SELECT id, HEX(bytes), words FROM kept; CHECKSUM TABLE article, kept"
        let before = try await stack.succeed("mysql", "--", "-N", "-e", table).output
        // What is new may be a moment late on the replica that is asked.
        var dump = ""
        for _ in 0..<50 where !dump.contains("TABLE `kept`") || !dump.contains("EVENT `later`") {
            dump = try await stack.succeed("mysqldump").output
        }
        #expect(dump.hasSuffix("\n") && !dump.contains("GTID_PURGED"))
        try dump.write(toFile: file, atomically: true, encoding: .utf8)
        try await stack.succeed(
            "mysql", "--", "-e",
            "DROP TABLE kept; DROP FUNCTION twice; DROP EVENT later; DROP VIEW seen; DELETE FROM article")
        try await stack.succeed("mysql", "--", "-e", "source \(file)")
        #expect(try await stack.succeed("mysql", "--", "-N", "-e", table).output == before)
        let objects = try await stack.succeed(
            "mysql", "--", "-N", "-e",
            "SELECT twice(21), (SELECT COUNT(*) FROM seen); SHOW TRIGGERS LIKE 'kept'; SHOW EVENTS LIKE 'later'")
        #expect(objects.output.hasPrefix("42\t2\ndoubled\t"), "\(objects)")
        #expect(objects.output.contains("later"), "\(objects)")
        let one = try await stack.succeed("mysqldump", "server1", "--", "--no-data", stack.name, "kept").output
        #expect(one.contains("TABLE `kept`") && !one.contains("`article`"))
    }
}

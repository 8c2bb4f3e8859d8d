import Foundation
import Glibc
import Testing

extension IntegrationTests {
    @Test(
        "under all the writes that a primary takes a partner that was away is back soon; data that lost its machine before it was on disk is replaced"
    )
    func catchesUp() async throws {
        let stack = try TrialStack("itcatchup", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            try await stack.succeed("up", "--detach")
            let primary = try #require(try await stack.status().database?.primary)
            let partner = primary == "server1" ? "server2" : "server1"
            try await stack.succeed(
                "mysql", "--", "--delimiter=//", "-e",
                """
                CREATE TABLE load_row (id INT PRIMARY KEY AUTO_INCREMENT, note VARCHAR(100))//
                CREATE PROCEDURE write_for(seconds INT) BEGIN
                    DECLARE until DATETIME DEFAULT SYSDATE() + INTERVAL seconds SECOND;
                    WHILE SYSDATE() < until DO INSERT INTO load_row (note) VALUES (REPEAT('x', 60)); END WHILE;
                END//
                """)
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { try await stack.succeed("mysql", primary, "--", "-e", "CALL write_for(45)") }
                }
                try await Task.sleep(for: .seconds(3))
                let server = try await stack.status().service("mysql", on: partner).pid
                try #require(kill(try #require(server), SIGKILL) == 0)
                _ = try await stack.waitUntil("the primary stands alone") { $0.database?.sync == "solo" }
                _ = try await stack.waitUntil("there is a pair again") { $0.database?.sync == "pair" }
                let before = try await stack.rows(primary)
                try await Task.sleep(for: .seconds(1))
                #expect(try await stack.rows(primary) > before, "it is back only since nobody writes any more")
                try await group.waitForAll()
            }
            let setting = try await stack.succeed(
                "mysql", partner, "--", "-N", "-e", "SELECT @@sync_binlog, @@innodb_flush_log_at_trx_commit")
            #expect(setting.output == "1\t1\n")
            let note = "\(stack.stateFolder)/hosts/\(partner)/data/mysql/tandem-undurable.json"
            #expect(!FileManager.default.fileExists(atPath: note))

            // As its machine's end in the middle of that would leave it.
            try await stack.switchOff(partner)
            _ = try await stack.waitUntil("the primary stands alone") { $0.database?.sync == "solo" }
            try Data(#"{"boot":"an earlier one"}"#.utf8).write(to: URL(filePath: note))
            try stack.switchOn(partner)
            _ = try await stack.waitUntil("there is a pair again") { $0.database?.sync == "pair" }
            #expect(!FileManager.default.fileExists(atPath: note))
            let log = try await stack.succeed("logs", partner, "--lines", "1000").output
            #expect(log.contains("copying the data of \(primary)"), "\(log.suffix(2_000))")
            try await Task.sleep(for: .seconds(2))
            func checksum(_ host: String) async throws -> String {
                try await stack.succeed("mysql", host, "--", "-N", "-e", "CHECKSUM TABLE load_row").output
            }
            let sums = [try await checksum(primary), try await checksum(partner)]
            #expect(sums[0] == sums[1], "\(sums)")
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }
}

extension TrialStack {
    fileprivate func rows(_ host: String) async throws -> Int {
        let output = try await succeed("mysql", host, "--", "-N", "-e", "SELECT MAX(id) FROM load_row").output
        return try #require(Int(output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Takes a host's database and agent away, as if it were switched off: the keeper goes on trying to start the
    /// agent.
    func switchOff(_ host: String) async throws { try await switchOff([host]) }

    /// All at the same moment.
    func switchOff(_ hosts: [String]) async throws {
        let status = try await status()
        for host in hosts {
            let key = "\(stateFolder)/run/\(host)/agent-key.pem"
            try FileManager.default.moveItem(atPath: key, toPath: "\(key).away")
        }
        // The agents first: they would start their servers again.
        let agents = try hosts.map { try status.host($0).agent.pid }
        let servers = try hosts.map { try status.service("mysql", on: $0).pid }
        for pid in agents + servers { try #require(kill(try #require(pid), SIGKILL) == 0) }
    }

    func switchOn(_ host: String) throws {
        let key = "\(stateFolder)/run/\(host)/agent-key.pem"
        try FileManager.default.moveItem(atPath: "\(key).away", toPath: key)
    }
}

import Foundation
import Testing

/// What an application may expect of any MySQL.
struct PlainMySQL {
    let stack: TrialStack
    let environment: [String: String]

    /// As the app's user, through its router.
    private func sql(_ statements: String) async throws -> Program.Outcome {
        let client = (ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"] ?? "") + "/bin/mysql"
        return try await Program.run(
            client,
            [
                "--no-defaults", "-h", environment["DATABASE_HOST"] ?? "", "-P", environment["DATABASE_PORT"] ?? "",
                "-u", environment["DATABASE_USER"] ?? "", "-D", environment["DATABASE_NAME"] ?? "", "-N",
                "--ssl-mode=VERIFY_IDENTITY", "--ssl-ca=\(environment["DATABASE_CA"] ?? "")", "-e", statements,
            ],
            environment: ["MYSQL_PWD": environment["DATABASE_PASSWORD"] ?? ""])
    }

    func check() async throws {
        let made = try await sql(
            """
            CREATE TABLE keyless (a INT);
            INSERT INTO keyless VALUES (1), (1), (2);
            CREATE TEMPORARY TABLE scratch SELECT * FROM keyless;
            CREATE TRIGGER doubled BEFORE INSERT ON keyless FOR EACH ROW SET NEW.a = NEW.a * 2;
            CREATE FUNCTION next_of(n INT) RETURNS INT RETURN n + 1;
            INSERT INTO keyless VALUES (next_of(9));
            UPDATE keyless SET a = 3 WHERE a = 1 LIMIT 1;
            ALTER TABLE keyless ADD PRIMARY KEY (a);
            ALTER TABLE keyless DROP PRIMARY KEY;
            ALTER TABLE keyless ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST;
            SELECT GROUP_CONCAT(a ORDER BY a) FROM keyless;
            """)
        #expect(made.output == "1,2,3,20\n", "\(made)")
        let asked = """
            SELECT CONVERT_TZ('2024-07-01 12:00:00', 'UTC', 'Europe/Berlin'), MD5('a');
            SET time_zone = 'America/New_York';
            """
        for host in ["server1", "server2"] {
            let outcome = try await stack.succeed("mysql", host, "--", "-N", "-e", asked)
            #expect(outcome.output == "2024-07-01 14:00:00\t0cc175b9c0f1b6a831c399e269772661\n", "\(host)")
        }
        _ = try await sql("DROP FUNCTION next_of; DROP TABLE keyless")
        // On a machine with much to do a client may need that long. MySQL's own limit is 10 s.
        try await checkClients("slow", "5")
        try await checkClients("lines", Self.file("../../docs/guides/database.md"))
    }

    /// Programs of other languages, as the app starts them.
    private func checkClients(_ arguments: String...) async throws {
        let outcome = try await Program.run(
            "/usr/bin/python3", [Self.file("Clients/database.py")] + arguments, environment: environment)
        #expect(outcome.status == 0 && outcome.output == "", "\(outcome)")
    }

    private static func file(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name).standardizedFileURL
            .path
    }
}

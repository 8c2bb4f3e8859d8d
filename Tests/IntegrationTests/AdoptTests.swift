import Foundation
import Glibc
import Testing

extension BesideTests {
    private static let plainApp = """
        app:
          run: python3 -m http.server --bind "$HOST" "$PORT"
          health: /
        """

    @Test(
        "a stack goes on from data that was put there by hand, once its operator says so; and a server whose data is gone gets it again, the primary's too"
    )
    func adopts() async throws {
        let stack = try TrialStack.besides("itadopt", Self.plainApp)
        do {
            try await stack.succeed("up", "--detach")
            let earlier = "CREATE TABLE itadopt.before_it (id INT PRIMARY KEY)"
            try await stack.succeed("mysql", "server1", "--", "-e", earlier)
            try await stack.succeed("down")
            let data = "\(stack.stateFolder)/hosts/server1/data/mysql"
            try await Self.putData(of: "itadopt", into: data, folder: stack.folder)

            let refused = try await stack.tandem("up", "--detach")
            #expect(refused.status == 1 && refused.errors.contains("tandem up --adopt server1"), "\(refused)")
            #expect(stack.processes().isEmpty)
            for wrong in ["lb1", "server9"] {
                let outcome = try await stack.tandem("up", "--detach", "--adopt", wrong)
                #expect(outcome.status != 0 && outcome.errors.contains("has no database"), "\(outcome)")
            }
            try await stack.succeed("up", "--detach", "--adopt", "server1")
            try await Self.expectRows(stack, "of what was adopted")
            let first = try await stack.status()
            #expect(first.database?.primary == "server1" && first.database?.sync == "pair")
            let history = try await stack.succeed("history", "--format", "json").output
            #expect(history.contains("adopted"))
            let again = try await stack.tandem("up", "--adopt", "server2")
            #expect(again.status == 1 && again.errors.contains("tandem down"), "\(again)")

            let wrong = try await stack.tandem("rebuild", "server1")
            #expect(wrong.status == 1 && wrong.errors.contains("tandem switchover"), "\(wrong)")
            // It differs from what the primary has, and MySQL does not know.
            try await stack.succeed(
                "mysql", "server2", "--", "-e",
                "SET sql_log_bin = 0; SET GLOBAL super_read_only = 0; DELETE FROM itadopt.theirs; SET GLOBAL super_read_only = 1"
            )
            try await stack.succeed("rebuild", "server2")
            try await Self.expectRows(stack, "after a rebuild")

            try await Self.losesData(stack, of: "server1", first)
            try await Self.losesData(stack, of: "server1", try await stack.status())
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    /// A server that this project has never seen, with a password of its own and no GTIDs.
    private static func putData(of database: String, into data: String, folder: String) async throws {
        let engines = ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"] ?? ""
        let script = """
            set -e
            mysqld=$(readlink -f '\(engines)/bin/mysqld')
            set -- --no-defaults --user="$(id -un)" --basedir="$(dirname "$(dirname "$mysqld")")" --datadir='\(folder)/theirs'
            "$mysqld" "$@" --initialize-insecure
            set -- "$@" --socket='\(folder)/sock' --pid-file='\(folder)/pid'
            "$mysqld" "$@" --skip-networking --mysqlx=OFF --secure-file-priv=NULL &
            server=$!
            for _ in $(seq 600); do
                '\(engines)/bin/mysql' --no-defaults -uroot -S '\(folder)/sock' -e 'SELECT 1' && break
                sleep 0.1
            done
            '\(engines)/bin/mysql' --no-defaults -uroot -S '\(folder)/sock' <<END
            CREATE DATABASE \(database);
            CREATE TABLE \(database).theirs (id INT PRIMARY KEY);
            INSERT INTO \(database).theirs VALUES (1), (2), (3);
            ALTER USER root@localhost IDENTIFIED BY 'another';
            END
            kill -TERM $server
            wait $server
            rm -rf '\(data).before'
            mv '\(data)' '\(data).before'
            cp -a '\(folder)/theirs' '\(data)'
            chown -R --reference='\(data).before' '\(data)'
            """
        let outcome = try await Program.run("/bin/sh", ["-c", script])
        try #require(outcome.status == 0, "\(outcome)")
    }

    private static func expectRows(_ stack: TrialStack, _ when: String) async throws {
        for host in ["server1", "server2"] {
            let rows = try await stack.succeed("mysql", host, "--", "-N", "-e", "SELECT COUNT(*) FROM itadopt.theirs")
            #expect(rows.output == "3\n", "\(host) has the rows \(when)")
        }
    }

    /// Its server dies, and its data directory is gone at that moment.
    private static func losesData(_ stack: TrialStack, of host: String, _ before: Status) async throws {
        let data = "\(stack.stateFolder)/hosts/\(host)/data/mysql"
        let pid = try #require(try before.service("mysql", on: host).pid)
        try #require(kill(pid, SIGSTOP) == 0)
        try FileManager.default.moveItem(atPath: data, toPath: "\(data).gone-\(pid)")
        try #require(kill(pid, SIGKILL) == 0)
        let after = try await stack.waitUntilUp { status in
            guard let now = try status.service("mysql", on: host).pid else { return false }
            return now != pid && status.database?.sync == "pair"
        }
        #expect(after.database?.primary == "server2", "an empty server does not lead")
        try await expectRows(stack, "after \(host) has lost its data")
    }
}

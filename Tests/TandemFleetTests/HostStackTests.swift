import Foundation
import Testing

@testable import TandemFleet

/// A stack on four hosts that boot a real systemd, by the command line alone. `bin/test` boots them.
@Suite(
    "A stack on hosts of its own", .serialized,
    .enabled(if: LabHosts.folder != nil && LabHosts.programs != nil, LabHosts.skipped))
struct HostStackTests {
    private static let front = LabStack.front
    let stack = LabStack()

    /// The page says what the file says.
    private static func file(
        roles: [String: String] = LabStack.roles,
        run: String = "echo said by name >>/dev/stdout; exec python3 -m http.server --bind \"$HOST\" \"$PORT\""
    ) throws -> String {
        let jobs = "jobs: {digest: {at: '@yearly', run: 'echo it begins; sleep 1; echo it ends'}}"
        let app = "run: '\(run)'\nprepare: 'echo once >>\"$HOME/prepared\"'\nhealth: /\ntimeouts: {start: 5s}\n\(jobs)"
        return try LabStack.file(app: app, roles: roles)
    }

    @Test("from bare hosts to a page and back, with what happens to hosts in between", .timeLimit(.minutes(15)))
    func life() async throws {
        defer { stack.deleteFolder() }
        try await LabHosts.makeUser()
        try stack.write("tandem.yaml", try Self.file())
        try stack.write("index.html", "one")
        try await stack.succeed("up")
        #expect(try await stack.page() == "one")
        #expect(try await stack.succeed("up").contains("farm is up already"))
        #expect(try await stack.isUp())
        try await preparedOnce()
        try await looksRound()
        try await staysClosed()
        try await saysWhatIsOpen()
        try await keepsAppApart()
        try await losesApp()
        try await keepsListening()
        try await changes()
        try await hostsComeAndGo()
        try await drills()
        try await losesHosts()
        try await stack.succeed("down")
        #expect(try await stack.tandem("status").status == 4)
        try await stack.succeed("up")
        try await stack.succeed("destroy", "--yes")
        for host in LabHosts.addresses.keys.sorted() {
            let left = try await stack.shell(
                host,
                "ls -d /etc/tandem /var/lib/tandem/stacks/farm /srv/tandem/farm /var/lib/tandem/operator/farm 2>/dev/null; "
                    + "ls -d /var/lib/tandem/apps/farm /var/lib/tandem/public/farm /etc/systemd/system/tandem-farm* /run/*.app 2>/dev/null; "
                    + "nft list tables; systemctl list-units --all --plain --no-legend 'tandem-farm*'; "
                    + "pgrep -u tandem-farm,tandem-farm_app; "
                    + "ip -o address | grep -F \(Self.front)")
            #expect(left.isEmpty, "\(host): \(left)")
        }
    }

    /// The commands that only look.
    private func looksRound() async throws {
        #expect(try await stack.succeed("mysql", "server2", "--", "-N", "-e", "SELECT @@hostname").contains("server2"))
        #expect(try await stack.succeed("run", "server1", "--", "sh", "-c", "id -un").contains("tandem-farm_app"))
        #expect(try await stack.succeed("logs", "server1", "--lines", "50").contains("server1 "))
        #expect(try await stack.succeed("logs", "app", "--lines", "50").contains("said by name"))
        let job = try await stack.succeed("job", "digest")
        for words in ["it begins", "it ends", "digest exited with status 0"] { #expect(job.contains(words), "\(job)") }
        #expect(try await stack.succeed("why").contains("takes over within seconds"))
        #expect(try await stack.succeed("history").contains("the stack began"))
        #expect(try await stack.succeed("top", "--once").contains("lb2"))
        #expect(try await stack.succeed("plan").contains("nothing to do"))
        #expect(try await stack.succeed("open").contains("https://farm.test"))
        try await trusts()
        try await showsPage()
        #expect(try await stack.succeed("doctor", "--move-address").contains("was moved: lb"))
        // An agent that begins anew touches nothing; it is not root, and its folder opens nobody else's door.
        let question = "systemctl show -p MainPID --value tandem-farm; pgrep -o -x mysqld; pgrep -o -x nginx"
        let before = try await stack.shell("server1", question).split(separator: "\n")
        _ = try await stack.shell("server1", "systemctl reload tandem-farm")
        try await stack.eventually("the agent of server1 does not come back") {
            let now = try await stack.shell("server1", question).split(separator: "\n")
            return now.count == 3 && now[0] != before[0] && now[0] != "0"
        }
        try await stack.eventually("the stack is not whole after the reload") { try await stack.isUp() }
        let after = try await stack.shell("server1", question).split(separator: "\n")
        #expect(after.dropFirst() == before.dropFirst())
        let agent = try await stack.shell(
            "server1", "stat -c %U /proc/$(systemctl show -p MainPID --value tandem-farm)")
        #expect(agent == "tandem-farm")
        let keys = try await stack.shell(
            "server1", "find /var/lib/tandem/stacks -name '*ca-key*' -o -name 'client*.pem'")
        #expect(keys.isEmpty)
    }

    /// The live page is served here, and knows what goes on there.
    private func showsPage() async throws {
        let script = """
            cd "$1"
            "$2" open --dashboard --port 18777 >link 2>/dev/null &
            for _ in $(seq 100); do [ -s link ] && break; sleep 0.1; done
            curl --silent --output /dev/null --cookie-jar jar "$(head -n 1 link)"
            curl --silent --no-buffer --max-time 8 --cookie jar http://127.0.0.1:18777/events
            kill -INT $!
            wait $!
            echo "ended: $?"
            """
        let outcome = try await BoundedCommand(
            program: "sh",
            arguments: ["-c", script, "sh", stack.folder, "\(try #require(LabHosts.programs))/tandem"],
            outputLimitBytes: 1 << 23, limit: .seconds(40)
        ).run()
        let text = String(decoding: outcome.output, as: UTF8.self)
        #expect(text.contains("event: hour") && text.contains("event: state"), "\(text.suffix(2000))")
        #expect(text.contains("\"server1\"") && text.contains("\"primary\""), "\(text.suffix(2000))")
        #expect(text.hasSuffix("ended: 0\n"), "\(text.suffix(200))")
    }

    /// The operator's machine believes what the hosts show, and afterwards does not.
    private func trusts() async throws {
        try await stack.succeed("trust")
        let words = ["--silent", "--fail", "--resolve", "farm.test:443:\(Self.front)", "https://farm.test/"]
        let seen = try await BoundedCommand(
            program: "curl", arguments: words, outputLimitBytes: 1 << 16, limit: .seconds(10)
        ).run()
        #expect(seen.status == 0, "\(seen.errors)")
        try await stack.succeed("trust", "--remove")
        let refused = try await BoundedCommand(
            program: "curl", arguments: words, outputLimitBytes: 1 << 16, limit: .seconds(10)
        ).run()
        // curl(1): the peer's certificate cannot be authenticated.
        #expect(refused.status == 60)
    }

    /// What listens and what the firewall lets in, from a machine that is none of the stack's.
    private func staysClosed() async throws {
        for (host, address) in LabHosts.addresses.sorted(by: { $0.key < $1.key }) {
            let open = try await BoundedCommand(
                program: "bash",
                arguments: [
                    "-c",
                    "for port in 22 80 443 2379 2380 3000 3306 4443 6446 8007 8404; do "
                        + "timeout 0.5 bash -c \"</dev/tcp/\(address)/$port\" 2>/dev/null && echo $port; done; true",
                ], outputLimitBytes: 1 << 12, limit: .seconds(30)
            ).run()
            let ports = String(decoding: open.output, as: UTF8.self).split(separator: "\n").map(String.init)
            #expect(ports == (host.hasPrefix("lb") ? ["22", "80", "443"] : ["22"]), "\(host)")
        }
    }

    /// What an account tries, a word for each that it can do.
    private static let attempts = """
        state=/var/lib/tandem/stacks/farm run=$(echo /run/tandem-????????)
        agent=$(systemctl show -p MainPID --value tandem-farm) mysqld=$(pgrep -o -x mysqld) nginx=$(pgrep -o -x nginx)
        app=$(pgrep -o -f '[h]ttp.server')
        try() {
            word=$1; shift
            setpriv --reuid="$account" --regid="$account" --clear-groups --no-new-privs "$@" >/dev/null 2>&1 && echo "$word"
        }
        call='import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(sys.argv[1])'
        try folder ls "$state"
        try key cat "$state/run/server1/agent-key.pem"
        try secrets cat "$state/run/server1/applied.json"
        try web-key cat "$state/hosts/server1/tls/web-key.pem"
        try configuration cat "$state/hosts/server1/etc/nginx.conf"
        try data ls "$state/hosts/server1/data/mysql"
        try log cat "$state/hosts/server1/log/app.log"
        try sockets ls "$run"
        try mysqld kill -0 "$mysqld"
        try nginx kill -0 "$nginx"
        try agent kill -0 "$agent"
        try traced cat "/proc/$agent/environ"
        try descriptors ls "/proc/$mysqld/fd"
        try launcher python3 -c "$call" "$run.app"
        for release in /srv/tandem/farm/*; do try release touch "$release/index.html"; done
        try authority sh -c "echo >>/var/lib/tandem/public/farm/ca.pem"
        try root ls /var/lib/tandem/operator/farm
        try rules touch /etc/tandem/farm/firewall.nft
        try app kill -0 "$app"
        try reads cat /srv/tandem/farm/*/index.html
        try knows cat /var/lib/tandem/public/farm/ca.pem
        try home touch /var/lib/tandem/apps/farm/kept
        """

    private func can(_ account: String) async throws -> Set<String> {
        Set(
            try await stack.shell("server1", "account=\(account)\n\(Self.attempts)").split(separator: "\n").map(
                String.init))
    }

    /// Whoever takes the app over has the app's account, which is neither the agent nor root.
    private func keepsAppApart() async throws {
        let owner = try await stack.shell(
            "server1", "stat -c %U $(pgrep -f '[h]ttp.server' | sed s,^,/proc/,) | sort -u")
        #expect(owner == "tandem-farm_app")
        #expect(try await can("tandem-farm_app") == ["app", "reads", "knows", "home"])
        // The attempts mean something: to the agent's account these doors are open.
        let agent = try await can("tandem-farm")
        #expect(
            agent.isSuperset(of: [
                "folder", "key", "secrets", "web-key", "configuration", "data", "log", "sockets", "mysqld", "nginx",
                "agent",
                "launcher", "release", "authority",
            ]), "\(agent.sorted())")
        #expect(agent.isDisjoint(with: ["app", "home", "root", "rules"]), "\(agent.sorted())")
        let status = try await stack.shell("server1", "systemctl status tandem-farm.app.service")
        #expect(status.contains("http.server"), "\(status)")
    }

    /// The app is killed, and the launcher; the one is started anew within moments, the other takes nothing along.
    private func losesApp() async throws {
        let question = "pgrep -f '[h]ttp.server'; systemctl show -p MainPID --value tandem-farm.app"
        let before = try await stack.shell("server1", question).split(separator: "\n")
        try #require(before.count == 2)
        _ = try await stack.shell("server1", "kill -KILL \(before[1])")
        try await stack.eventually("the launcher does not come back", seconds: 10) {
            let now = try await stack.shell("server1", question).split(separator: "\n")
            return now.count == 2 && now[1] != "0" && now[1] != before[1]
        }
        #expect(try await stack.shell("server1", question).split(separator: "\n").first == before[0])
        let start = ContinuousClock.now
        _ = try await stack.shell("server1", "kill -KILL \(before[0])")
        try await stack.eventually("the app does not come back", seconds: 10) {
            let now = try await stack.shell("server1", "pgrep -f '[h]ttp.server'")
            return !now.isEmpty && now != before[0]
        }
        print("the app was there again \(ContinuousClock.now - start) after its end")
        try await stack.eventually("the stack is not whole after the app's end") { try await stack.isUp() }
        let status = try await stack.succeed("status", "--format", "json")
        #expect(status.contains("\"restarts\""), "\(status.prefix(400))")
    }

    /// New versions of the app, one of which cannot live.
    private func changes() async throws {
        try stack.write("index.html", "two")
        let stack = stack
        let asked = try await stack.asking { try await stack.succeed("up") }
        #expect(asked.failed == 0)
        #expect(try await stack.page() == "two")
        try stack.write("tandem.yaml", try Self.file(run: "exit 7"))
        let broken = try await stack.tandem("up")
        #expect(broken.status == 1)
        #expect(broken.errors.contains("it exited with status 7"), "\(broken.errors)")
        #expect(broken.errors.contains("farm goes on as it was"), "\(broken.errors)")
        #expect(try await stack.page() == "two")
        try stack.write("tandem.yaml", try Self.file())
        try await stack.succeed("up")
        try await stack.succeed("rollback")
        #expect(try await stack.page() == "one")
        let listed = try await stack.succeed("releases").split(separator: "\n").filter { $0.contains("since") }
        #expect(listed.count == 2 && listed[0].hasPrefix("●") && listed[1].hasPrefix("○"), "\(listed)")
        try await stack.succeed("rollback")
        #expect(try await stack.page() == "two")
    }

    /// Hosts that leave are asked nothing any more; those that come, or come back, serve.
    private func hostsComeAndGo() async throws {
        var roles = LabStack.roles
        roles["server2"] = nil
        try stack.write("tandem.yaml", try Self.file(roles: roles))
        let left = try await stack.succeed("up")
        #expect(left.contains("server2") && left.contains("left; its data stays"), "\(left)")
        let units = try await stack.shell("server2", "ls /etc/systemd/system/tandem-farm*; pgrep -u tandem-farm")
        #expect(units.isEmpty, "\(units)")
        #expect(try await stack.page() == "two")
        try stack.write("tandem.yaml", try Self.file())
        try await stack.succeed("up")
        try await stack.eventually("it is not whole with the host that came back") {
            let status = try await stack.status()
            return status?.state == "up" && status?.database?.sync == "pair"
        }
        // A host that is there already gets one role more.
        roles = LabStack.roles
        roles["lb2"] = "balancer, app, web"
        try stack.write("tandem.yaml", try Self.file(roles: roles))
        try await stack.succeed("up")
        #expect(try await stack.isUp())
        #expect(try await stack.shell("lb2", "pgrep -c -f '[h]ttp.server'") == "1")
        try stack.write("tandem.yaml", try Self.file())
        try await stack.succeed("up")
        #expect(try await stack.isUp())
    }

    /// The power of the balancer with the address and of the primary's host, and of all hosts at once.
    private func losesHosts() async throws {
        var holder = "lb2"
        if try await stack.shell("lb1", "ip -o address").contains(Self.front) { holder = "lb1" }
        try await LabHosts.lab("kill", holder)
        try await stack.eventually("the address does not answer without \(holder)", seconds: 10) {
            try await stack.page() == "two"
        }
        try await LabHosts.lab("up", holder)
        let status = try await stack.succeed("why")
        let primary = status.contains("If server1, the primary") ? "server1" : "server2"
        try await stack.succeed(
            "mysql", "--", "-e", "CREATE TABLE kept (id INT PRIMARY KEY); INSERT INTO kept VALUES (7)")
        try await stack.eventually("\(holder) does not come back") { try await stack.isUp() }
        try await LabHosts.lab("kill", primary)
        try await stack.eventually("nobody takes the place of \(primary)", seconds: 30) {
            try await stack.tandem("mysql", "--", "-e", "REPLACE INTO kept VALUES (8)").status == 0
        }
        try await LabHosts.lab("up", primary)
        try await stack.eventually("\(primary) does not come back", seconds: 120) { try await stack.isUp() }
        for host in LabHosts.addresses.keys { try await LabHosts.lab("kill", host) }
        for host in LabHosts.addresses.keys { try await LabHosts.lab("up", host) }
        try await stack.eventually("the stack does not come back without hands", seconds: 120) {
            try await stack.isUp()
        }
        #expect(try await stack.page() == "two")
        #expect(try await stack.succeed("mysql", "--", "-N", "-e", "SELECT SUM(id) FROM kept").contains("15"))
        for host in LabHosts.addresses.keys {
            #expect(
                try await stack.shell(host, "nft list tables").contains("inet tandem"),
                "\(host) booted without a firewall")
        }
    }
}

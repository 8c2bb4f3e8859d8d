import Foundation
import Testing

@testable import TandemOperator
@testable import tandem

/// What `eject` writes, shown to the programs that it is for.
@Suite("tandem eject")
struct EjectTests {
    private let folder: TemporaryFolder
    private let engines: [String: String]

    init() throws {
        folder = try TemporaryFolder()
        let links = try #require(
            ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"],
            "TANDEM_TEST_ENGINES must name the folder of the real programs; bin/test sets it")
        // Where they really are, since their own files lie beside them.
        engines = ["haproxy", "nginx", "mysqld", "mysql"].reduce(into: [:]) { engines, name in
            engines[name] = URL(fileURLWithPath: "\(links)/bin/\(name)").resolvingSymlinksInPath().path
        }
    }

    private func program(_ name: String) -> String { engines[name] ?? name }

    /// Addresses of this machine, since nginx tries them; programs of the test's own.
    private func stackFile(_ app: String) -> String {
        """
        stack: shop
        app:
        \(app)
        hosts:
          lb1: {address: 127.201.3.11, roles: [balancer]}
          server1: {address: 127.201.3.21, roles: [web, app, database]}
          server2: {address: 127.201.3.22, roles: [web, app, database]}
        engines:
          haproxy: \(program("haproxy"))
          nginx: \(program("nginx"))
          mysqld: \(program("mysqld"))
          mysql: \(program("mysql"))
        """
    }

    private var out: String { "\(folder.path)/out" }
    private var tree: String { "\(folder.path)/tree" }

    /// Written, and unpacked where its paths say.
    private func eject(_ app: String = "  run: ./shop serve", _ environment: [String: String] = [:]) throws {
        try folder.put("tandem.yaml", stackFile(app))
        let outcome = try Program.run(
            ["eject", out, "--root", tree], in: folder.path, environment: environment)
        try #require(outcome.status == 0, "\(outcome)")
        for host in ["lb1", "server1", "server2"] {
            let unpacked = try ToolRun(["/bin/cp", "-a", "\(out)/\(host)\(folder.path)/.", folder.path])
            try #require(unpacked.status == 0, "\(unpacked.words)")
        }
        // What systemd-tmpfiles would make.
        for file in try FileManager.default.contentsOfDirectory(atPath: "\(tree)/etc/tmpfiles.d") {
            let lines = try text("etc/tmpfiles.d/\(file)").split(separator: "\n").filter { $0.hasPrefix("d ") }
            for line in lines {
                try FileManager.default.createDirectory(
                    atPath: String(line.split(separator: " ")[1]), withIntermediateDirectories: true)
            }
        }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(tree)/\(path)", encoding: .utf8)
    }

    private func run(_ command: String...) throws -> ToolRun { try ToolRun(command) }

    @Test("writes files that the real programs accept, and units that systemd accepts")
    func accepted() throws {
        try eject()
        let root = geteuid() == 0 ? ["--user=root"] : []
        let folder = "\(tree)/etc/shop-stack"
        for (file, host) in [("haproxy.cfg", "lb1"), ("router.cfg", "server1"), ("router.cfg", "server2")] {
            let outcome = try run(program("haproxy"), "-c", "-q", "-f", "\(folder)/\(host)/\(file)")
            #expect(outcome.status == 0 && outcome.words.isEmpty, "\(host): \(outcome.words)")
        }
        for host in ["server1", "server2"] {
            let web = try run(
                program("nginx"), "-p", "\(tree)/var/lib/shop-stack/\(host)/", "-e", "stderr", "-t", "-q", "-c",
                "\(folder)/\(host)/nginx.conf")
            #expect(web.status == 0 && web.words.isEmpty, "\(host): \(web.words)")
            let data = try ToolRun(
                [program("mysqld"), "--defaults-file=\(folder)/\(host)/my.cnf", "--validate-config"] + root)
            #expect(data.status == 0, "\(host): \(data.words)")
        }
        let units = try FileManager.default.contentsOfDirectory(atPath: "\(tree)/etc/systemd/system")
            .map { "\(tree)/etc/systemd/system/\($0)" }
        #expect(units.count == 9)
        try check(units)
    }

    /// Whoever takes over a service should not get far.
    private func check(_ units: [String]) throws {
        let verdict = try ToolRun(["/usr/bin/systemd-analyze", "verify", "--man=no"] + units)
        #expect(verdict.status == 0 && !verdict.words.contains("shop-"), "\(verdict.words)")
        for unit in units {
            // In tenths; 4.0 is "OK", and 10 has no limits at all.
            let exposure = try ToolRun(
                ["/usr/bin/systemd-analyze", "security", "--offline=true", "--threshold=40", "--no-pager", unit])
            #expect(exposure.status == 0, "\(exposure.words)")
        }
    }

    @Test(
        "gives hosts that are other machines a firewall that root loads before there is a network, and says how to try it"
    )
    func firewall() throws {
        let file = stackFile("  run: ./shop serve").replacing("127.201.3.", with: "10.201.3.")
        try folder.put("tandem.yaml", file + "\nfirewall: {ssh: 192.0.2.0/24}\n")
        let outcome = try Program.run(["eject", out], in: folder.path)
        try #require(outcome.status == 0, "\(outcome)")
        for host in ["lb1", "server1", "server2"] {
            let rules = try String(contentsOfFile: "\(out)/\(host)/etc/shop-stack/\(host).nft", encoding: .utf8)
            #expect(rules.contains("192.0.2.0/24") && !rules.contains("flush"))
            // Nobody runs agents or etcd there.
            #expect(!rules.contains("8007") && !rules.contains("2379"))
            #expect(rules.contains("{ 80, 443 }") == (host == "lb1") && rules.contains("3306") == (host != "lb1"))
            #expect(!FileManager.default.fileExists(atPath: "\(out)/\(host)/etc/shop-stack/\(host)/firewall.nft"))
            let folder = "\(out)/\(host)/etc/systemd/system"
            let units = try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
            let unit = try #require(units.first { $0.hasSuffix("/shop-\(host)-firewall.service") })
            try check([unit])
        }
        let readme = try String(contentsOfFile: "\(out)/README.md", encoding: .utf8)
        #expect(
            readme.contains("nft -f /etc/shop-stack/lb1.nft")
                && readme.contains("--on-active=60 --timer-property=AccuracySec=1s"))
    }

    @Test(
        "has keepalived move the front's address between balancers, as root, with settings that root alone may change")
    func address() throws {
        let file = stackFile("  run: ./shop serve").replacing("127.201.3.", with: "10.201.3.")
            .replacing("[balancer]", with: "[balancer]}\n  lb2: {address: 10.201.3.12, roles: [balancer]")
        try folder.put("tandem.yaml", file + "\nfront: {address: 10.201.3.100}\n")
        let outcome = try Program.run(["eject", out], in: folder.path)
        try #require(outcome.status == 0, "\(outcome)")
        for (host, other) in [("lb1", "10.201.3.12"), ("lb2", "10.201.3.11")] {
            let folder = "\(out)/\(host)/etc"
            let settings = try String(
                contentsOfFile: "\(folder)/shop-stack/\(host).root/keepalived.conf", encoding: .utf8)
            #expect(settings.contains("10.201.3.100/32") && settings.contains("\(other) min_ttl 255"))
            // Not where the servers' user may write.
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/shop-stack/\(host)/keepalived.conf"))
            let balancer = try String(contentsOfFile: "\(folder)/shop-stack/\(host)/haproxy.cfg", encoding: .utf8)
            #expect(balancer.contains("bind 10.201.3.100:443 transparent"))
            let units = ["haproxy", "keepalived"].map { "\(folder)/systemd/system/shop-\(host)-\($0).service" }
            try check(units)
        }
        #expect(!FileManager.default.fileExists(atPath: "\(out)/server1/etc/shop-stack/server1.root"))
        let readme = try String(contentsOfFile: "\(out)/README.md", encoding: .utf8)
        #expect(readme.contains("systemctl enable --now shop-lb1-haproxy.service shop-lb1-keepalived.service"))
        #expect(readme.contains("`/usr/sbin/keepalived`"))
    }

    @Test("fixes who is primary: writes have one way, reads both, and no file speaks of agents")
    func fixed() throws {
        try eject()
        let router = try text("etc/shop-stack/server2/router.cfg")
        let parts = router.components(separatedBy: "listen ")
        #expect(parts[1].contains("server server1 ") && !parts[1].contains("server server2 "))
        #expect(parts[2].contains("server server1 ") && parts[2].contains("server server2 "))
        for host in ["lb1", "server1", "server2"] {
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(tree)/etc/shop-stack/\(host)") {
                guard let text = try? text("etc/shop-stack/\(host)/\(name)") else { continue }
                #expect(!text.contains("agent") || name == "my.cnf", "\(host)/\(name)")
            }
        }
        let primary = try text("etc/shop-stack/server1/my.cnf")
        let replica = try text("etc/shop-stack/server2/my.cnf")
        #expect(!primary.contains("super_read_only") && primary.contains("rpl_semi_sync_source_enabled = ON"))
        #expect(replica.contains("super_read_only = ON") && replica.contains("rpl_semi_sync_replica_enabled = ON"))
        #expect(!(primary + replica).contains("offline_mode"))
    }

    @Test("keeps secrets in files of mode 0600, and gives them to the app as they are")
    func secrets() throws {
        let value = "it's \"100 %\" of $HOME\\n `x`\nsecond line"
        try eject("  run: ./shop serve\n  secrets: [KEY]", ["KEY": value])
        let file = "\(tree)/etc/shop-stack/server1.app.env"
        // A shell reads such a file as systemd does.
        let shown = try ToolRun(["/bin/sh", "-c", "set -a; . '\(file)'; printf '%s' \"$KEY\""])
        #expect(shown.words == value)
        for path in try FileManager.default.subpathsOfDirectory(atPath: out) {
            let full = "\(out)/\(path)"
            let attributes = try FileManager.default.attributesOfItem(atPath: full)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
            let text = try String(contentsOfFile: full, encoding: .utf8)
            let isSecret =
                text.contains("second line") || text.contains("PRIVATE KEY") || text.contains("IDENTIFIED BY '")
                || text.contains("PASSWORD = '")
            if isSecret { #expect(attributes[.posixPermissions] as? Int == 0o600, "\(path)") }
        }
        #expect(try FileManager.default.attributesOfItem(atPath: out)[.posixPermissions] as? Int == 0o700)
        #expect(!(try String(contentsOfFile: "\(out)/README.md", encoding: .utf8)).contains("second line"))
    }

    @Test("keeps passwords and the authority when it is called again, and leaves a full folder alone otherwise")
    func again() throws {
        try eject()
        let names = ["secrets.json", "pki/ca.pem", "server1\(tree)/etc/shop-stack/server1/tls/web.pem"]
        let before = try names.map { try String(contentsOfFile: "\(out)/\($0)", encoding: .utf8) }
        #expect(try Program.run(["eject", out, "--root", tree], in: folder.path).status == 2)
        #expect(try Program.run(["eject", out, "--root", tree, "--force"], in: folder.path).status == 0)
        let after = try names.map { try String(contentsOfFile: "\(out)/\($0)", encoding: .utf8) }
        #expect(before == after)
    }

    @Test("has databases that the README's commands make and join, one after the other, without waiting in between")
    func databases() throws {
        try eject()
        // What runs them here in systemd's place: as ourselves, and ended with the script.
        let script = """
            set -e
            as=$([ "$(id -u)" = 0 ] && echo --user=root || :)
            pids=
            trap 'kill -9 $pids; wait' EXIT
            runuser() { shift 3; "$@" $as >> \(folder.path)/log 2>&1; }
            systemctl() {
                unit="\(tree)/etc/systemd/system/$3"
                sh -c "exec $(sed -n 's/^ExecStart=//p' "$unit") $as" >> \(folder.path)/log 2>&1 &
                pids="$pids $!"
                MAINPID=$! sh -c "$(sed -n 's/^ExecStartPost=//p' "$unit")"
            }
            \(try databaseCommands().joined(separator: "\n"))
            """
        let file = "\(folder.path)/said"
        let outcome = try run("/bin/bash", "-c", "exec 2>&1; { \(script)\n} > \(file); tail -n 1 \(file)")
        let said = try String(contentsOfFile: file, encoding: .utf8)
        #expect(outcome.status == 0, "\(said)\n\(outcome.words)")
        #expect(said.contains("Source_Host: 127.201.3.21"), "\(said)")
    }

    /// Those of the README's second part.
    private func databaseCommands() throws -> [String] {
        let readme = try String(contentsOfFile: "\(out)/README.md", encoding: .utf8)
        let rest = try #require(readme.components(separatedBy: "## 2. The databases").last)
        let part = rest.components(separatedBy: "## 3.")[0]
        let commands = part.split(separator: "\n").filter { $0.hasPrefix("    ") }.map { String($0.dropFirst(4)) }
        try #require(commands.count == 8, "\(part)")
        return commands
    }

    @Test("writes nothing where a secret is missing")
    func missingSecret() throws {
        try folder.put("tandem.yaml", stackFile("  run: x\n  secrets: [NOBODY_SET_THIS]"))
        let outcome = try Program.run(["eject", out], in: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("secret NOBODY_SET_THIS"))
        #expect(!FileManager.default.fileExists(atPath: out))
    }
}

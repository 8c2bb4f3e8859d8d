import TandemAgent
import TandemBlueprint
import TandemFleet
import TandemStack
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("What tandem doctor thinks of a host")
struct HostVerdictTests {
    private static let host = TandemStack.Host(name: "server1", address: "10.0.0.21", roles: [.web, .app, .database])

    private static var fine: HostVerdicts {
        var facts = HostFacts()
        facts.architecture = "x86_64"
        (facts.system, facts.version, facts.systemName) = ("debian", "12", "Debian GNU/Linux 12 (bookworm)")
        (facts.initProgram, facts.systemdVersion, facts.systemState) = ("systemd", 252, "running")
        (facts.machineID, facts.isClockSynchronised, facts.clockAheadSeconds) = ("m1", true, -0.2...0.1)
        (facts.availableMemoryBytes, facts.openFilesLimit) = (4 << 30, 1 << 20)
        facts.disks = ["/var/lib", "/var/log"].map { .init(path: $0, freeBytes: 20 << 30, isNoexec: false) }
        facts.addresses = ["127.0.0.1", "::1", "10.0.0.21", "fe80::1"]
        facts.listeners = [
            .init(address: "0.0.0.0", port: 22, program: "sshd"),
            .init(address: "127.0.0.1", port: 3306, program: "mysqld"),
        ]
        (facts.units, facts.tables, facts.archive) = (["ssh.service"], [], .reachable)
        facts.hasFirewallProgram = true
        let hosts = [host, TandemStack.Host(name: "lb1", address: "10.0.0.11", roles: [.balancer])]
        return HostVerdicts(
            stack: Sample.applied(hosts).stack, host: host, user: "root", privilege: .root, facts: facts,
            wanted: [
                .init(address: "10.0.0.21", port: 3306, reach: .stack),
                .init(address: "127.0.0.1", port: 6446, reach: .host),
            ])
    }

    private func findings(_ change: (inout HostVerdicts) -> Void) -> [Finding] {
        var verdicts = Self.fine
        change(&verdicts)
        return verdicts.findings.filter { $0.verdict != .ok }
    }

    @Test("It finds nothing on a host that has everything, and every finding is about that host")
    func nothing() {
        #expect(findings { _ in }.isEmpty)
        #expect(Self.fine.findings.allSatisfy { $0.host == "server1" && $0.remedy == nil })
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var verdict: Finding.Verdict
        var text: String
        var remedy: String
        var change: @Sendable (inout HostVerdicts) -> Void

        init(
            _ name: String, _ verdict: Finding.Verdict, _ text: String, _ remedy: String,
            _ change: @escaping @Sendable (inout HostVerdicts) -> Void
        ) {
            (testDescription, self.verdict, self.text, self.remedy, self.change) = (name, verdict, text, remedy, change)
        }
    }

    /// Of a stack whose front has an address that moves.
    private static let balancer: @Sendable (inout HostVerdicts) -> Void = {
        $0.host.roles.append(.balancer)
        $0.stack.front = Front(addresses: [MovingAddress(address: "10.0.0.100")])
    }

    @Test("keepalived is asked for on balancers of a front with an address alone")
    func keepalived() {
        #expect(
            findings {
                Self.balancer(&$0)
                $0.facts.keepalivedVersion = "2.3.3"
            }.isEmpty)
        #expect(findings { $0.stack.front = Front(addresses: [MovingAddress(address: "10.0.0.100")]) }.isEmpty)
    }

    static let cases = [
        Case("login", .error, "no sudo", "apt-get install sudo") { ($0.user, $0.privilege) = ("anna", .noSudo) },
        Case("login", .error, "without a password", "anna ALL=(ALL) NOPASSWD: ALL") {
            ($0.user, $0.privilege) = ("anna", .sudoWantsPassword)
        },
        Case("processor", .error, "riscv64", "amd64 or arm64") { $0.facts.architecture = "riscv64" },
        Case("release", .error, "Fedora 44", "Ubuntu 24.04") {
            ($0.facts.system, $0.facts.version, $0.facts.systemName) = ("fedora", "44", "Fedora 44")
        },
        Case("release", .error, "Ubuntu 22.04", "Debian 13") {
            ($0.facts.system, $0.facts.version, $0.facts.systemName) = ("ubuntu", "22.04", "Ubuntu 22.04")
        },
        Case("systemd", .error, "process 1 is 'tini'", "boots systemd") { $0.facts.initProgram = "tini" },
        Case("systemd", .warning, "units that failed", "systemctl --failed") { $0.facts.systemState = "degraded" },
        Case("address", .error, "it has 192.168.0.7", "hosts.server1.address") {
            $0.facts.addresses = ["127.0.0.1", "192.168.0.7", "fe80::1"]
        },
        Case("clock", .error, "45.0 s ahead of", "set-ntp") { $0.facts.clockAheadSeconds = 45...47 },
        Case("clock", .error, "years behind", "set-ntp") { $0.facts.clockAheadSeconds = -1.7e9 ... -1.69e9 },
        Case("clock", .warning, "2.5 s behind", "set-ntp") { $0.facts.clockAheadSeconds = -3 ... -2.5 },
        Case("clock", .warning, "not synchronised", "systemd-timesyncd") { $0.facts.isClockSynchronised = nil },
        Case("disk", .error, "noexec", "without noexec") { $0.facts.disks[0].isNoexec = true },
        Case("disk", .error, "only 300 MB free in /var/lib", "1.3 GB") { $0.facts.disks[0].freeBytes = 300 << 20 },
        Case("disk", .warning, "only 300 MB free in /var/log", "logs") { $0.facts.disks[1].freeBytes = 300 << 20 },
        Case("memory", .error, "only 300 MB", "larger machine") { $0.facts.availableMemoryBytes = 300 << 20 },
        Case("memory", .warning, "only 800 MB", "larger machine") { $0.facts.availableMemoryBytes = 800 << 20 },
        Case("files", .warning, "4096 may be open", "DefaultLimitNOFILE=16384") { $0.facts.openFilesLimit = 4096 },
        Case("ports", .error, "taken: 3306 (mysqld)", "end what listens there") {
            $0.facts.listeners?.append(.init(address: "0.0.0.0", port: 3306, program: "mysqld"))
        },
        Case("ports", .error, "6446 (a program that root alone can name)", "end what listens") {
            $0.facts.listeners?.append(.init(address: "*", port: 6446, program: nil))
        },
        Case("ports", .warning, "no program that lists them", "apt-get install iproute2") { $0.facts.listeners = nil },
        Case("services", .warning, "nginx.service, mysql@a.service", "systemctl disable --now nginx.service") {
            $0.facts.tables = ["inet tandem"]
            $0.facts.units += [
                "nginx.service", "mysql@a.service", "tandem-shop.service", "tandem-shop.firewall.service",
                "tandem-change-undo.service",
            ]
        },
        Case("services", .error, "another stack of Tandem runs here: tandem-shop-blog.service", "hosts of its own") {
            $0.facts.units.append("tandem-shop-blog.service")
        },
        Case("firewall", .warning, "ufw.service, the nftables table 'inet filter'", "nft list ruleset") {
            $0.facts.units.append("ufw.service")
            $0.facts.tables = ["inet filter", "inet tandem"]
        },
        Case("firewall", .error, "it is not loaded", "systemctl restart tandem-shop.firewall.service") {
            $0.facts.units.append("tandem-shop.service")
        },
        Case("nftables", .warning, "no nft", "apt-get install nftables") { $0.facts.hasFirewallProgram = false },
        Case("keepalived", .warning, "has no keepalived", "`tandem up` installs it", balancer),
        Case("keepalived", .error, "version 2.0.19 does not know", "apt-get install keepalived") {
            balancer(&$0)
            $0.facts.keepalivedVersion = "2.0.19"
        },
        Case("archive", .warning, "cannot be fetched from here: no route", "Acquire::http::Proxy") {
            $0.facts.archive = .unreachable("no route")
        },
    ]

    @Test("It names each thing that is missing on a host, and what mends it", arguments: cases)
    func missing(example: Case) throws {
        let found = findings(example.change)
        #expect(found.map(\.name) == [example.testDescription])
        let finding = try #require(found.first)
        #expect(finding.verdict == example.verdict)
        #expect(finding.text.contains(example.text), "\(finding.text)")
        #expect(try #require(finding.remedy).contains(example.remedy), "\(finding.remedy ?? "")")
    }

    @Test("What the stack itself runs on a host stands in its own way no more")
    func own() {
        let found = findings { verdicts in
            verdicts.facts.listeners?.append(.init(address: "0.0.0.0", port: 3306, program: "mysqld"))
            verdicts.facts.units += ["tandem-shop.service", "tandem-shop.firewall.service"]
            verdicts.facts.tables = ["inet tandem"]
        }
        #expect(found.isEmpty, "\(found)")
    }

    @Test("Another address's port is not taken, nor is one that the stack does not use")
    func notTaken() {
        #expect(
            findings {
                $0.facts.listeners = [
                    .init(address: "127.0.0.53", port: 6446, program: "x"),
                    .init(address: "10.0.0.22", port: 3306, program: "x"),
                    .init(address: "*", port: 9999, program: "x"),
                ]
            }.isEmpty)
    }

    @Test("Of what could not be asked, nothing is said")
    func unknown() {
        var verdicts = Self.fine
        (verdicts.facts.tables, verdicts.facts.archive, verdicts.facts.openFilesLimit) = (nil, nil, nil)
        #expect(Set(verdicts.findings.map(\.name)).isDisjoint(with: ["firewall", "archive", "files"]))
    }

    @Test("Two hosts that are one machine, or copies of one, are told")
    func sameMachine() {
        let (one, two) = (Self.host, TandemStack.Host(name: "server2", address: "10.0.0.22", roles: [.web]))
        var other = Self.fine.facts
        let same = FleetDiagnosis.sameMachines([(one, Self.fine.facts), (two, other)])
        #expect(same.keys.sorted() == ["server2"] && same["server2"]?.text.contains("server1") == true)
        other.machineID = "m2"
        #expect(FleetDiagnosis.sameMachines([(one, Self.fine.facts), (two, other)]).isEmpty)
    }

    @Test("What is said of a host stands under its name")
    func text() {
        let diagnosis = Diagnosis([
            .ok("stack file", "fine"), Finding.ok("login", "root").on("lb1"), Finding.ok("disk", "2 GB").on("lb1"),
            Finding.error("ssh", "away", "look").on("lb2"),
        ])
        #expect(
            diagnosis.text(Style(isColored: false)) == """
                  ✓ stack file  fine

                lb1
                  ✓ login       root
                  ✓ disk        2 GB

                lb2
                  ✗ ssh         away
                                → look

                1 thing is missing; what mends each stands below it.

                """)
    }
}

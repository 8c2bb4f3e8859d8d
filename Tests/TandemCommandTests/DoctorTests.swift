import Foundation
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("tandem doctor")
struct DoctorTests {
    private static let fine = MachineFacts(
        isRoot: false, kernel: "6.12", architecture: "x86_64", hasPidfd: true, missingTools: [], hasKeyring: true,
        engines: "HAProxy 3.0", enginesProblem: nil,
        disks: [
            .init(
                use: "the stack's data", path: "/data", freeBytes: 20 << 30, isNoexec: true, runsPrograms: false,
                neededBytes: 500 << 20)
        ],
        availableMemoryBytes: 4 << 30, loopbackProblem: nil, portProblems: [], openFilesLimit: 1 << 20,
        openFilesWanted: 16_384, processLimit: 4096, hasRandomness: true, isClockSynchronised: true,
        mysqlLibrary: "/lib/libmariadb.so.3", appArmorProfiles: [], lowestPort: 8080, unprivilegedPortStart: 1024,
        stackFile: .fine("tandem.yaml"))

    private func findings(_ change: (inout MachineFacts) -> Void) -> [Finding] {
        var facts = Self.fine
        change(&facts)
        return MachineVerdicts(facts: facts).findings.filter { $0.verdict != .ok }
    }

    @Test("finds nothing on a machine that has everything")
    func nothing() {
        #expect(findings { _ in }.isEmpty)
        let diagnosis = Diagnosis(MachineVerdicts(facts: Self.fine).findings)
        #expect(diagnosis.verdict == .ok)
        #expect(diagnosis.text(Style(isColored: false)).hasSuffix("\nNothing is missing.\n"))
    }

    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var verdict: Finding.Verdict
        var remedy: String
        var change: @Sendable (inout MachineFacts) -> Void

        init(
            _ name: String, _ verdict: Finding.Verdict, _ remedy: String,
            _ change: @escaping @Sendable (inout MachineFacts) -> Void
        ) {
            testDescription = name
            self.verdict = verdict
            self.remedy = remedy
            self.change = change
        }
    }

    static let cases = [
        Case("processor", .error, "amd64 or arm64") { $0.architecture = "riscv64" },
        Case("kernel", .error, "Linux 5.3") { $0.hasPidfd = false },
        // What is fetched already needs the tools no more.
        Case("tools", .warning, "sudo apt-get install apt dpkg") {
            $0.missingTools = [("apt-get", "apt"), ("dpkg", "dpkg"), ("dpkg-deb", "dpkg")]
        },
        Case("keys", .warning, "sudo apt-get install debian-archive-keyring") { $0.hasKeyring = false },
        Case("engines", .warning, "tandem engines install") { $0.engines = nil },
        Case("engines", .error, "mend the stack file") { $0.enginesProblem = "use /x as nginx" },
        Case("disk", .error, "500 MB are needed") { $0.disks[0].freeBytes = 100 << 20 },
        Case("disk", .warning, "logs and databases grow") { $0.disks[0].freeBytes = 600 << 20 },
        Case("disk", .error, "TANDEM_ENGINES") { $0.disks[0].runsPrograms = true },
        Case("memory", .error, "end other programs") { $0.availableMemoryBytes = 300 << 20 },
        Case("memory", .warning, "end other programs") { $0.availableMemoryBytes = 800 << 20 },
        Case("loopback", .error, "sudo ip link set lo up") { $0.loopbackProblem = "127.1.1.1: no" },
        Case("ports", .warning, "choose another front port") { $0.portProblems = ["127.0.0.1:8443 is taken"] },
        Case("ports", .error, "ip_unprivileged_port_start=80") { $0.lowestPort = 80 },
        Case("files", .warning, "hard nofile 16384") { $0.openFilesLimit = 4096 },
        Case("processes", .warning, "nproc") { $0.processLimit = 100 },
        Case("randomness", .error, "try again") { $0.hasRandomness = false },
        Case("clock", .warning, "sudo timedatectl set-ntp true") { $0.isClockSynchronised = false },
        Case("library", .error, "sudo apt-get install libmariadb3") { $0.mysqlLibrary = nil },
        Case("apparmor", .warning, "aa-disable") { $0.appArmorProfiles = ["/usr/sbin/mysqld"] },
        Case("stack file", .error, "tandem check") { $0.stackFile = .wrong("tandem.yaml has a problem") },
        Case("stack file", .warning, "tandem init") { $0.stackFile = nil },
    ]

    @Test("names each thing that is missing, and the command that mends it", arguments: cases)
    func missing(example: Case) throws {
        let found = findings(example.change)
        #expect(found.map(\.name) == [example.testDescription])
        let finding = try #require(found.first)
        #expect(finding.verdict == example.verdict)
        #expect(try #require(finding.remedy).contains(example.remedy))
    }

    @Test("wants the tools and the keys where there is still something to fetch, and gives root no sudo")
    func toFetch() {
        let found = findings {
            $0.engines = nil
            $0.isRoot = true
            $0.hasKeyring = false
            $0.missingTools = [("dpkg", "dpkg")]
        }
        #expect(found.map(\.verdict) == [.error, .error, .warning])
        #expect(found.first?.remedy == "apt-get install dpkg")
    }

    @Test("looks at this very machine, and its JSON has a verdict on each thing")
    func here() throws {
        struct Answer: Decodable {
            struct Finding: Decodable {
                var name: String
                var verdict: String
                var text: String
                var remedy: String?
            }
            var verdict: String
            var findings: [Finding]
        }
        let folder = try TemporaryFolder()
        try folder.put("tandem.yaml", "stack: doctor\napp: {run: ./x}\n")
        let outcome = try Program.run(["doctor", "--format", "json"], in: folder.path)
        let answer = try JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8))
        #expect(outcome.status == (answer.verdict == "error" ? 1 : 0))
        let names = Set(answer.findings.map(\.name))
        #expect(
            names.isSuperset(of: ["processor", "kernel", "engines", "disk", "memory", "loopback", "files", "library"]))
        for finding in answer.findings {
            #expect(!finding.text.isEmpty)
            #expect((finding.remedy == nil) == (finding.verdict == "ok"), "\(finding.name)")
        }
        // These tests run here, so what they need is here.
        for name in ["processor", "kernel", "loopback", "library", "stack file"] {
            #expect(answer.findings.first { $0.name == name }?.verdict == "ok", "\(name)")
        }
    }

    @Test("tells a wrong stack file like the rest, and goes on looking")
    func wrongFile() throws {
        let folder = try TemporaryFolder()
        try folder.put("tandem.yaml", "stack: [\n")
        let outcome = try Program.run(["doctor"], in: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("✗ stack file"))
        #expect(outcome.output.contains("✓ loopback"))
    }
}

import Foundation
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("A stack whose hosts are other machines")
struct OtherHostsTests {
    private static let file = """
        stack: faraway
        app: {run: ./x}
        ssh: {config: ssh_config, user: anna}
        hosts:
          lb1: {address: 10.0.0.11, ssh: "lb:1", roles: [balancer]}
          server1: {address: 10.0.0.21, ssh: no-such-host.invalid, roles: [web, app, database]}

        """
    /// Nothing listens on port 1.
    private static let configuration =
        "Host lb\n  HostName 127.0.0.1\nHost *\n  IdentityAgent none\n  IdentityFile none\n"

    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.put("tandem.yaml", Self.file)
        try folder.put("ssh_config", Self.configuration)
        return folder
    }

    @Test(
        "is reached over SSH by every command; where that fails, each says of which host and why, and nothing is made here",
        arguments: [
            ["up"], ["plan"], ["down"], ["status"], ["logs"], ["restart", "app"], ["mysql"], ["mysqldump"], ["top"],
            ["run", "--", "ls"], ["open"], ["open", "--dashboard"], ["trust"], ["switchover"], ["history"], ["why"],
            ["pause"],
            ["destroy", "--yes"],
        ])
    func unreached(arguments: [String]) throws {
        let folder = try folder()
        let outcome = try Program.run(arguments, in: folder.path)
        #expect(outcome.status == 1, "\(outcome)")
        let reasons = ["nothing answers at anna@lb:1: Connection refused", "there is no host 'no-such-host.invalid'"]
        #expect(reasons.contains { outcome.error.contains($0) }, "\(outcome)")
        #expect(!outcome.error.contains("Fatal") && !outcome.error.contains("ReachError"), "\(outcome)")
        try expectNothing(folder)
    }

    @Test("is refused by what is about this machine")
    func refused() throws {
        let folder = try folder()
        let outcome = try Program.run(["up", "--adopt", "lb1"], in: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("works on a stack of this machine alone"), "\(outcome)")
        #expect(outcome.error.contains("lb1: 10.0.0.11"), "\(outcome)")
        try expectNothing(folder)
    }

    private func expectNothing(_ folder: TemporaryFolder) throws {
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["ssh_config", "tandem.yaml"])
        #expect(UserAccount(name: "tandem-faraway") == nil)
        #expect(!FileManager.default.fileExists(atPath: "/var/lib/tandem/stacks/faraway"))
    }

    @Test(
        "is asked by the doctor for everything at once, and each host that does not answer has its reason and what to do"
    )
    func doctor() throws {
        struct Answer: Decodable {
            struct Finding: Decodable {
                var host: String?
                var name: String
                var verdict: String
                var text: String
                var remedy: String?
            }
            var verdict: String
            var findings: [Finding]
        }
        let folder = try folder()
        let outcome = try Program.run(["doctor", "--format", "json"], in: folder.path)
        #expect(outcome.status == 1)
        let answer = try JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8))
        #expect(answer.verdict == "error")
        #expect(answer.findings.map(\.host) == [nil, "lb1", "server1"])
        #expect(answer.findings.map(\.name) == ["stack file", "ssh", "ssh"])
        #expect(answer.findings[1].text == "nothing answers at anna@lb:1: Connection refused")
        #expect(answer.findings[1].remedy?.contains("ssh -F \(folder.path)/ssh_config -p 1 anna@lb") == true)
        #expect(answer.findings[2].text.contains("no-such-host.invalid"))
    }

    @Test("is not reached by way of a configuration that somebody else could have written")
    func foreignConfiguration() throws {
        let folder = try folder()
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: "\(folder.path)/ssh_config")
        let outcome = try Program.run(["doctor"], in: folder.path)
        #expect(outcome.status == 3)
        #expect(outcome.error.contains("tandem.yaml:3:7: error: ssh.config: OpenSSH would run what"))
        #expect(outcome.error.contains("may be written by everybody"))
    }
}

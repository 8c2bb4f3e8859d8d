import Foundation
import Glibc
import Testing

extension IntegrationTests {
    /// As root it runs as `nobody`, with copies of the programs where that user can reach them.
    @Test("an ordinary user runs a stack from a folder 150 characters deep with a space in its name")
    func ordinaryUser() async throws {
        let parent = "\(NSTemporaryDirectory())/tandem user \(UInt32.random(in: 0 ... .max))"
        let deep = parent + "/" + String(repeating: "deep", count: 40)
        try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let programs = geteuid() == 0 ? parent : TrialStack.programs
        let stack = try TrialStack("ituser", "app:\n  run: \"'\(programs)/conduit'\"", parent: deep)
            .ofOrdinaryUser(programsIn: parent)
        do {
            try await stack.succeed("up", "--detach")
            let status = try await stack.status()
            #expect(status.state == "up")
            for host in ["lb1", "server1", "server2"] {
                #expect(try status.service("etcd", on: host).state == "running")
            }
            #expect(try await Curl.get("\(status.url)/api/articles").status == 200)
            #expect(try await stack.succeed("mysql", "server2", "--", "-N", "-e", "SELECT 1\\G").output.contains("1"))
            try checkIsPrivate(stack)
            try await change(stack, programs)
            try await breakOne(stack)
            try await stack.succeed("down")
            try await checkNothingRuns(stack, status)
            try await stack.succeed("destroy", "--yes")
            #expect(try FileManager.default.contentsOfDirectory(atPath: stack.folder) == ["tandem.yaml"])
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    private func change(_ stack: TrialStack, _ programs: String) async throws {
        let pids = try await stack.status().hosts.flatMap(\.services).filter { $0.name == "app" }.map(\.pid)
        try stack.write("app:\n  run: \"'\(programs)/conduit'\"\n  env: {LOG_LEVEL: debug}")
        try await stack.succeed("up", "--detach")
        let changed = try await stack.status()
        #expect(changed.hosts.flatMap(\.services).filter { $0.name == "app" }.allSatisfy { !pids.contains($0.pid) })
        try await stack.succeed("restart", "server2/nginx")
        #expect(try await Curl.get("\(changed.url)/api/articles").status == 200)
    }

    private func breakOne(_ stack: TrialStack) async throws {
        let before = try #require(try await stack.status().service("mysql", on: "server2").pid)
        kill(before, SIGKILL)
        let after = try await stack.waitUntilUp { status in
            (try? status.service("mysql", on: "server2").pid).flatMap { $0 } != before
        }
        #expect(try await Curl.get("\(after.url)/api/articles").status == 200)
    }

    /// Nobody else can look into the state; secrets are for their owner alone.
    private func checkIsPrivate(_ stack: TrialStack) throws {
        let files = FileManager.default
        func mode(_ path: String) throws -> Int {
            try #require(files.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
        }
        #expect(try mode(stack.stateFolder) == 0o700)
        #expect(try mode("\(stack.stateFolder)/secrets.json") == 0o600)
        #expect(try mode("\(stack.stateFolder)/pki/ca-key.pem") == 0o600)
    }
}

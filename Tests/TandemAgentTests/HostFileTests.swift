import Foundation
import TandemBlueprint
import TandemStack
import Testing

@testable import TandemAgent

@Suite("What a host is given that shares no folder with whoever made it")
struct HostFileTests {
    private func state(_ folder: TemporaryFolder, _ name: String) -> StackFolder {
        StackFolder(path: "\(folder.path)/\(name)", environment: [:])
    }

    @Test("its certificates and keys, with their permissions, and nobody else's")
    func certificates() throws {
        let folder = try TemporaryFolder()
        let (here, there) = (state(folder, "here"), state(folder, "there"))
        let stack = Stack.sample("127.200.78")
        let applied = AppliedStack.sample(stack)
        try StackPKI(stack: stack, folder: here).ensure(
            layout: { here.layout(host: $0.name, applied: applied) }, now: Date())
        let files = try here.certificates(of: "server1")
        try there.write(files, of: "server1")
        let layout = there.layout(host: "server1", applied: applied)
        for path in [layout.webKeyFile, layout.databaseKeyFile, there.agentKeyFile("server1")] {
            #expect(permissions(path) == 0o600, "\(path)")
        }
        let key = there.agentKeyFile("server1")
        let original = here.agentKeyFile("server1")
        #expect(FileManager.default.contents(atPath: key) == FileManager.default.contents(atPath: original))
        #expect(!files.contains { $0.path.contains("server2") || $0.path.contains("ca-key") })
    }

    @Test(
        "anything that is no certificate of this host is refused, and nothing is written",
        arguments: [
            "run/server2/agent.pem", "run/server1/applied.json", "run/server1/../server2/agent.pem", "pki/ca.pem",
            "hosts/server1/etc/nginx.conf", "/etc/passwd.pem", "run/server1/.hidden.pem", "run/server1",
        ])
    func refused(_ path: String) throws {
        let folder = try TemporaryFolder()
        let there = state(folder, "there")
        let good = HostFile(path: "run/server1/agent.pem", mode: 0o600, contents: "x")
        #expect(throws: StateError.self) {
            try there.write([good, HostFile(path: path, mode: 0o600, contents: "x")], of: "server1")
        }
        #expect(!FileManager.default.fileExists(atPath: "\(there.path)/run/server1/agent.pem"))
    }

    @Test("a stack is kept by systemd where operators have left its state, by its keeper elsewhere, and else by nobody")
    func keeping() throws {
        let folder = try TemporaryFolder()
        let here = state(folder, "here")
        try FileManager.default.createDirectory(atPath: here.path, withIntermediateDirectories: true)
        #expect(StackKeeping.load(here) == StackKeeping(isAlive: false))
        var state = FleetState(isRunning: true)
        try state.save(here)
        #expect(StackKeeping.load(here) == StackKeeping(isAlive: true, phase: .running))
        state.isRunning = false
        try state.save(here)
        #expect(StackKeeping.load(here) == StackKeeping(isAlive: false))
        #expect(FleetState.load(here)?.revision == 2)
    }
}

import Foundation
import Synchronization
import TandemBlueprint
import TandemStack
import Testing

import struct TandemStack.Host

/// The router's file and the agent's words, on the real HAProxy.
@Suite(.timeLimit(.minutes(1))) struct RouterTests {
    @Test func `sessions go where the agent says, are cut when it takes that back, and outlive the agent`() async throws
    {
        let scene = try RouterScene()
        defer { scene.remove() }
        #expect(scene.session(.write) == nil, "closed until the agent has spoken")

        scene.agent.say(.open, .write, "db1")
        let first = try await scene.eventualSession(.write, with: "db1")
        scene.agent.say(.closed, .write, "db1")
        scene.agent.say(.open, .write, "db2")
        #expect(first.isCutByPeer(), "a session with a server that lost its role")
        let second = try await scene.eventualSession(.write, with: "db2")
        #expect(scene.session(.read) == nil, "reads have verdicts of their own")

        scene.agent.say(.drain, .write, "db2")
        try await scene.eventually { scene.session(.write) == nil }
        #expect(second.answer() == "db2", "draining leaves sessions alone")

        scene.agent.say(.open, .write, "db2")
        let third = try await scene.eventualSession(.write, with: "db2")
        scene.agent.stop()
        try await Task.sleep(for: .seconds(1))
        #expect(third.answer() == "db2", "a dead agent closes nothing")
        #expect(scene.session(.write)?.answer() == "db2", "and new sessions go where it said last")
    }
}

/// HAProxy with the generated router.cfg, two servers that answer with their names, and an agent's mouth.
private final class RouterScene: Sendable {
    let agent: Server
    private let databases: [Server]
    private let router: Process
    private let address: String
    private let root: String

    init() throws {
        let engines = try TestEngines()
        // Each run on addresses of its own.
        let net = "127.\(UInt8.random(in: 64...250)).\(UInt8.random(in: 1...250))"
        address = "\(net).1"
        root = "/tmp/tb-\(UUID().uuidString.prefix(8))"
        var stack = Sample.smallest.stack
        let host = Host(name: "one", address: address, roles: [.app])
        stack.hosts = [host] + (1...2).map { Host(name: "db\($0)", address: "\(net).1\($0)", roles: [.database]) }
        let layout = Layout(hostFolder: root, socketFolder: root, programs: engines.programs, front: nil)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
        for folder in blueprint.folders {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let service = try #require(blueprint.services.first { $0.name == .router })
        let file = try #require(blueprint.files.first { $0.path == layout.routerFile })
        try Data(file.contents.utf8).write(to: URL(fileURLWithPath: file.path))

        agent = try Server(address: address, port: Ports.agentCheck)
        databases = try stack.hosts(.database).map { try Server(address: $0.address, port: Ports.mysql, name: $0.name) }
        router = Process()
        router.executableURL = URL(fileURLWithPath: service.command[0])
        router.arguments = Array(service.command.dropFirst())
        router.standardOutput = FileHandle.nullDevice
        router.standardError = FileHandle.nullDevice
        try router.run()
    }

    func remove() {
        router.terminate()
        router.waitUntilExit()
        agent.stop()
        databases.forEach { $0.stop() }
        try? FileManager.default.removeItem(atPath: root)
    }

    /// A session through the router, or nil if it has no server for it.
    func session(_ purpose: RouterQuestion.Purpose) -> Session? {
        let port = purpose == .write ? Ports.routerWrite : Ports.routerRead
        guard let session = Session(address: address, port: port), session.answer() != nil else { return nil }
        return session
    }

    func eventualSession(_ purpose: RouterQuestion.Purpose, with name: String) async throws -> Session {
        var found: Session?
        try await eventually {
            found = session(purpose)
            return found?.answer() == name
        }
        return try #require(found)
    }

    func eventually(_ condition: () -> Bool) async throws {
        for _ in 0..<500 where !condition() { try await Task.sleep(for: .milliseconds(20)) }
        try #require(condition())
    }
}

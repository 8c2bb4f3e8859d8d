import Foundation
import Synchronization
import TandemBlueprint
import TandemStack
import Testing

import struct TandemStack.Host

/// The router's file and the agent's words, on the real HAProxy.
@Suite(.timeLimit(.minutes(5))) struct RouterTests {
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

extension RouterTests {
    @Test func `who connects while the primary restarts is served once it is open again`() async throws {
        let scene = try RouterScene(waitSeconds: 60)
        defer { scene.remove() }
        scene.agent.say(.open, .write, "db1")
        _ = try await scene.eventualSession(.write, with: "db1")
        scene.agent.say(.drain, .write, "db1")
        try await Task.sleep(for: .seconds(1))
        async let waiting = Task.detached { scene.session(.write)?.answer() }.value
        try await Task.sleep(for: .seconds(1))
        // What its agent says while it is down; it is dead for most of the time, which changes nothing.
        scene.agent.say(.closed, .write, "db1")
        try await Task.sleep(for: .seconds(1))
        scene.agent.say(.open, .write, "db1")
        #expect(await waiting == "db1")
    }

    @Test(arguments: [RouterQuestion.Purpose.write, .read])
    func `who connects just after a server died waits like others, and is served once one is open`(
        purpose: RouterQuestion.Purpose
    ) async throws {
        let scene = try RouterScene(waitSeconds: 60)
        defer { scene.remove() }
        scene.agent.say(.open, purpose, "db1")
        _ = try await scene.eventualSession(purpose, with: "db1")
        try scene.kill("db1")
        // The router does not know of it yet. On threads of their own, since they wait.
        let answers = Answers()
        for _ in 0..<4 {
            Thread.detachNewThread {
                let answer = scene.session(purpose)?.answer()
                answers.all.withLock { $0.append(answer) }
            }
        }
        try await Task.sleep(for: .milliseconds(300))
        scene.agent.say(.closed, purpose, "db1")
        try await Task.sleep(for: .milliseconds(1500))
        try scene.start("db1")
        scene.agent.say(.open, purpose, "db1")
        try await scene.eventually { answers.all.withLock { $0.count } == 4 }
        #expect(answers.all.withLock { $0 } == ["db1", "db1", "db1", "db1"])
        // A session of theirs is cut as others are.
        let late = try #require(scene.session(purpose))
        scene.agent.say(.closed, purpose, "db1")
        #expect(late.isCutByPeer())
    }

    @Test func `who connects just after a server died is told so in MySQL's own words when none opens`() async throws {
        let scene = try RouterScene(waitSeconds: 2)
        defer { scene.remove() }
        scene.agent.say(.open, .write, "db1")
        _ = try await scene.eventualSession(.write, with: "db1")
        try scene.kill("db1")
        async let answer = Task.detached {
            try run([
                scene.client, "--no-defaults", "-h", scene.address, "-P", "\(Ports.routerWrite)", "-u", "x", "-e",
                "SELECT 1",
            ])
        }.value
        try await Task.sleep(for: .milliseconds(400))
        scene.agent.say(.closed, .write, "db1")
        let said = try await answer.output
        #expect(said.contains("No database server is open for writes"), "\(said)")
    }

    @Test func `who has waited in vain is told so in MySQL's own words, also at once`() async throws {
        for seconds in [1, 0] {
            let scene = try RouterScene(waitSeconds: seconds)
            defer { scene.remove() }
            try await scene.eventually { Session(address: scene.address, port: Ports.routerRead) != nil }
            for (purpose, port) in [("write", Ports.routerWrite), ("read", Ports.routerRead)] {
                let start = ContinuousClock.now
                let outcome = try run([
                    scene.client, "--no-defaults", "-h", scene.address, "-P", "\(port)", "-u", "x", "-e", "SELECT 1",
                ])
                #expect(outcome.output.contains("ERROR 1053"), "\(outcome.output)")
                #expect(outcome.output.contains("No database server is open for \(purpose)s"), "\(outcome.output)")
                #expect(ContinuousClock.now - start >= .seconds(seconds))
            }
        }
    }

    @Test(arguments: ["db1", "db2"])
    func `an app's first connection for reads is to its own host`(own: String) async throws {
        let other = own == "db1" ? "db2" : "db1"
        var answers: [String] = []
        // The router asks for both at the same moment, and goes first to whom it hears of first. On a busy machine that
        // may be the other one for once: then it is tried again with another router.
        for _ in 0..<3 where answers.last != own {
            let scene = try RouterScene(own: own)
            defer { scene.remove() }
            for host in ["db1", "db2"] { scene.agent.say(.open, .read, host) }
            var found: Session?
            try await scene.eventually {
                found = scene.session(.read)
                return found != nil
            }
            let first = try #require(found)
            answers.append(first.answer() ?? "nobody")
            guard answers.last == own else { continue }
            // While it is there, the next one is to the other.
            _ = try await scene.eventualSession(.read, with: other)
            #expect(first.answer() == own)
        }
        #expect(answers.last == own, "\(answers)")
    }
}

private final class Answers: Sendable {
    let all = Mutex<[String?]>([])
}

/// HAProxy with the generated router.cfg, two servers that answer with their names, and an agent's mouth.
private final class RouterScene: Sendable {
    let agent: Server
    private let databases = Mutex<[String: Server]>([:])
    private let addresses: [String: String]
    private let router: Process
    let address: String
    private let root: String
    let client: String

    /// - Parameter own: the database host that the router is on; nil: on a host without one.
    init(own: String? = nil, waitSeconds: Int = 1) throws {
        let engines = try TestEngines()
        // Each run on addresses of its own.
        let net = "127.\(UInt8.random(in: 64...250)).\(UInt8.random(in: 1...250))"
        address = own.map { "\(net).1\($0.suffix(1))" } ?? "\(net).1"
        client = engines.programs.mysql
        root = "/tmp/tb-\(UUID().uuidString.prefix(8))"
        var stack = Sample.smallest.stack
        stack.database.waitSeconds = waitSeconds
        let host = Host(name: own ?? "one", address: address, roles: own == nil ? [.app] : [.app, .database])
        let others = (1...2).map { Host(name: "db\($0)", address: "\(net).1\($0)", roles: [.database]) }
        stack.hosts = own == nil ? [host] + others : others.map { $0.name == own ? host : $0 }
        let layout = Layout(hostFolder: root, socketFolder: root, programs: engines.programs, front: nil)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
        for folder in blueprint.folders {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let service = try #require(blueprint.services.first { $0.name == .router })
        for path in [layout.routerFile, layout.routerScript] {
            let file = try #require(blueprint.files.first { $0.path == path })
            try Data(file.contents.utf8).write(to: URL(fileURLWithPath: file.path))
        }

        agent = try Server(address: address, port: Ports.agentCheck)
        addresses = Dictionary(uniqueKeysWithValues: stack.hosts(.database).map { ($0.name, $0.address) })
        router = Process()
        router.executableURL = URL(fileURLWithPath: service.command[0])
        router.arguments = Array(service.command.dropFirst())
        router.standardOutput = FileHandle.nullDevice
        router.standardError = FileHandle.nullDevice
        try router.run()
        for name in addresses.keys { try start(name) }
    }

    func start(_ name: String) throws {
        let server = try Server(address: try #require(addresses[name]), port: Ports.mysql, name: name)
        databases.withLock { $0[name] = server }
    }

    /// It refuses connections from then on.
    func kill(_ name: String) throws {
        try #require(databases.withLock { $0.removeValue(forKey: name) }).stop()
    }

    func remove() {
        router.terminate()
        router.waitUntilExit()
        agent.stop()
        databases.withLock { $0.values.forEach { $0.stop() } }
        try? FileManager.default.removeItem(atPath: root)
    }

    /// A session through the router, or nil if it has no server for it.
    func session(_ purpose: RouterQuestion.Purpose) -> Session? {
        let port = purpose == .write ? Ports.routerWrite : Ports.routerRead
        guard let session = Session(address: address, port: port),
            session.answer()?.hasPrefix("db") == true
        else { return nil }
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
        // A refused session takes a second, so that none is tried in vain.
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "it does not come about")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

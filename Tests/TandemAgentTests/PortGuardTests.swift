import Foundation
import Glibc
import TandemBlueprint
import TandemReplication
import TandemServices
import TandemStack
import Testing

@testable import TandemAgent

@Suite("Who listens on a service's port", .serialized)
struct PortGuardTests {
    private static let address = "127.200.13.1"

    /// Runs while a program of a user's listens, or tries to.
    private func listening(
        _ port: Int, as user: UInt32, options: String = "", _ body: (RunningProcess) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        let script = """
            import socket, time
            s = socket.socket()
            for name in "\(options)".split(): s.setsockopt(socket.SOL_SOCKET, getattr(socket, name), 1)
            s.bind(("\(Self.address)", \(port)))
            s.listen()
            time.sleep(60)
            """
        let change = [
            "/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups",
        ]
        let process = try RunningProcess.start(
            ProcessSpecification(
                command: (user == geteuid() ? [] : change) + ["/usr/bin/python3", "-c", script], environment: [:],
                workingDirectory: "/", logFile: "\(folder.path)/log"))
        do { try await body(process) } catch {
            await process.stop(signal: SIGKILL, bound: .seconds(5))
            throw error
        }
        await process.stop(signal: SIGKILL, bound: .seconds(5))
    }

    private func stranger(_ port: Int, besides process: ProcessIdentity?, user: UInt32 = geteuid()) -> String? {
        var known: Set<UInt64> = []
        return PortGuard(address: Self.address, port: port, users: [user])
            .stranger(among: .now(), besides: process, known: &known)
    }

    @Test("is nobody, or the service itself, and then there is nothing to say")
    func own() async throws {
        #expect(stranger(24_301, besides: nil) == nil)
        try await listening(24_301, as: geteuid()) { process in
            try await eventually("it listens") { Connection(Self.address, 24_301) != nil }
            #expect(stranger(24_301, besides: process.identity) == nil)
        }
    }

    @Test("is another program of the same user, and is named")
    func sameUser() async throws {
        try await listening(24_302, as: geteuid()) { process in
            try await eventually("it listens") { Connection(Self.address, 24_302) != nil }
            // Root's programs are nobody's strangers.
            guard geteuid() != 0 else { return }
            let own = try #require(ProcessIdentity(pid: getpid()))
            let words = try #require(stranger(24_302, besides: own))
            #expect(words.contains("(pid \(process.identity.pid), python3)"))
        }
    }

    @Test("is another user's program, and is named, whether the service runs or not", .enabled(if: geteuid() == 0))
    func otherUser() async throws {
        try await listening(24_303, as: 65534) { process in
            try await eventually("it listens") { Connection(Self.address, 24_303) != nil }
            let place = "port \(Self.address):24303 is held by user nobody (pid \(process.identity.pid), python3)"
            #expect(stranger(24_303, besides: nil)?.hasPrefix(place) == true)
            #expect(stranger(24_303, besides: ProcessIdentity(pid: getpid()))?.hasPrefix(place) == true)
            #expect(stranger(24_303, besides: process.identity, user: 65534) == nil)
            #expect(stranger(24_303, besides: ProcessIdentity(pid: getpid()), user: 65534)?.hasPrefix(place) == true)
        }
    }

    @Test("keeps other users out of a port that the keeper holds, and lets the agent in", .enabled(if: geteuid() == 0))
    func held() async throws {
        let held = try ListenerCheck.bindShared(address: Self.address, port: 24_304)
        defer { close(held) }
        for options in ["", "SO_REUSEADDR", "SO_REUSEPORT", "SO_REUSEADDR SO_REUSEPORT"] {
            try await listening(24_304, as: 65534, options: options) { process in
                try await eventually("it gives up") { process.hasEnded }
                #expect(Connection(Self.address, 24_304) == nil, "\(options)")
            }
        }
        let again = try ListenerCheck.bindShared(address: Self.address, port: 24_304)
        #expect(listen(again, 1) == 0)
        #expect(Connection(Self.address, 24_304) != nil)
        close(again)
    }

    @Test(
        "is left out of nginx's first file, where another user has it as the agent begins", .enabled(if: geteuid() == 0)
    )
    func first() async throws {
        var stack = Stack.sample("127.200.13")
        let index = try #require(stack.hosts.firstIndex { $0.has(.web) && $0.has(.app) })
        stack.hosts[index].address = Self.address
        let (host, applied) = (stack.hosts[index], stack)
        let folder = try TemporaryFolder()
        let layout = StackFolder(in: folder).layout(host: host.name, applied: .sample(applied))
        func entry() throws -> Substring {
            let plain = try HostBlueprint(stack: applied, host: host, layout: layout)
            let plan = try PortGuard.firstPlan(plain, stack: applied, host: host, layout: layout, app: nil)
            let text = try #require(plan.blueprint.files.first { $0.path == layout.nginxFile }).contents
            return try #require(text.split(separator: "\n").first { $0.contains("\(Self.address):\(Ports.app)") })
        }
        #expect(try !entry().contains("down"))
        try await listening(Ports.app, as: 65534) { _ in
            try await eventually("it listens") { Connection(Self.address, Ports.app) != nil }
            #expect(try entry().contains("down;"))
        }
        #expect(try !entry().contains("down"))
    }
}

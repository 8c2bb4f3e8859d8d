import Foundation
import NIOCore
import Synchronization
import TandemBlueprint
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

/// The real HAProxy with the generated router.cfg, and an agent's verdicts.
@Suite("A change of primary reaches the router", .timeLimit(.minutes(10)))
struct RouterPushTests {
    private static func member(
        _ host: String, _ role: DatabaseMember.Role, _ state: DatabaseMember.State, epoch: Int
    ) -> DatabaseMember {
        DatabaseMember(host: host, address: "127.0.0.1", port: 3306, role: role, state: state, epoch: epoch)
    }

    /// - Parameters:
    ///   - interval: between two checks, as the file says it.
    ///   - settlingTime: how long answers that are on their way are waited for.
    private func withRouter(
        _ net: String, interval: String, settlingTime: Duration = RouterPush.defaultSettlingTime,
        _ body: (TopologyBoard, _ socket: String) async throws -> Void
    ) async throws {
        let engines = try #require(ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"])
        let folder = try TemporaryFolder()
        let stack = Stack.sample(net)
        let host = try #require(stack.hosts.first { $0.name == "server1" })
        var programs = Layout.Programs.none
        programs.haproxy = "\(engines)/bin/haproxy"
        let layout = Layout(hostFolder: folder.path, socketFolder: folder.path, programs: programs, front: nil)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
        for path in blueprint.folders {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        for path in [layout.routerFile, layout.routerScript] {
            let file = try #require(blueprint.files.first { $0.path == path })
            #expect(path == layout.routerScript || file.contents.contains("agent-inter 1s"))
            let text = file.contents.replacing("agent-inter 1s", with: "agent-inter \(interval)")
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        // Whoever checks a port finds somebody.
        let ports = ["server1", "server2"].compactMap { name in
            stack.hosts.first { $0.name == name }.map { HeldPort($0.address, Ports.mysql) }
        }
        defer { for port in ports { port.close() } }
        let members = [
            Self.member("server1", .primary, .open, epoch: 1), Self.member("server2", .replica, .streaming, epoch: 1),
        ]
        let board = TopologyBoard(
            stack: "shop", placement: Placement(epoch: 1, primary: "server1", partner: "server2"), members: members)
        for member in members { await board.set(member) }
        var checks = RouterChecks(board: board, address: host.loopbackAddress, logger: quietLogger)
        checks.push = RouterPush(
            board: board, hosts: ["server1", "server2"], socket: layout.routerSocket, settlingTime: settlingTime,
            logger: quietLogger)
        let service = try #require(blueprint.services.first { $0.name == .router })
        let router = Process()
        router.executableURL = URL(fileURLWithPath: service.command[0])
        router.arguments = Array(service.command.dropFirst())
        router.standardOutput = FileHandle.nullDevice
        router.standardError = FileHandle.nullDevice
        try router.run()
        defer {
            router.terminate()
            router.waitUntilExit()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [checks] in try await checks.run() }
            try await body(board, layout.routerSocket)
            group.cancelAll()
        }
    }

    /// Of the servers that clients may be sent to, for a purpose; nil: the router did not say it.
    private func open(_ purpose: RouterQuestion.Purpose, _ socket: String) async -> [String]? {
        guard let table = try? await HAProxySocket.ask("show stat", at: socket, patience: .seconds(2)) else {
            return nil
        }
        return table.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count > 17, cells[0] == purpose.rawValue, cells[1].hasPrefix("server"),
                cells[17].hasPrefix("UP")
            else { return nil }
            return String(cells[1])
        }
    }

    private func openAnywhere(_ socket: String) async -> [String]? {
        guard let writes = await open(.write, socket), let reads = await open(.read, socket) else { return nil }
        return writes.map { "write \($0)" } + reads.map { "read \($0)" }
    }

    @Test("before its next check, and closes a deposed primary whose agent says nothing any more")
    func atOnce() async throws {
        try await withRouter("127.200.31", interval: "1h") { board, socket in
            try await eventually("the first answer") { await open(.write, socket) == ["server1"] }
            // Of server1 nothing more is heard, as its agent is dead.
            await board.set(Self.member("server2", .replica, .starting, epoch: 2))
            try await eventually("server1 is closed") {
                await openAnywhere(socket) == []
            }
            await board.set(Self.member("server2", .primary, .open, epoch: 2))
            try await eventually("server2 is open") {
                await openAnywhere(socket) == ["write server2", "read server2"]
            }
        }
    }

    @Test("and is not taken back by answers to checks that are on their way meanwhile")
    func doesNotFlap() async throws {
        // Answers that are on their way are waited for however long a busy machine takes to deliver them.
        try await withRouter("127.200.32", interval: "2ms", settlingTime: .seconds(10)) { board, socket in
            try await eventually("the first answer") { await open(.write, socket) == ["server1"] }
            var takenBack: [String] = []
            for epoch in 2...60 {
                let (next, last) = epoch.isMultiple(of: 2) ? ("server2", "server1") : ("server1", "server2")
                await board.set(Self.member(last, .replica, .streaming, epoch: epoch))
                await board.set(Self.member(next, .primary, .open, epoch: epoch))
                try await eventually("\(next) is open") { await open(.write, socket) == [next] }
                for _ in 0..<3 {
                    // One that the router did not answer says nothing, and is made again.
                    var now: [String]?
                    try await eventually("the router says what is open") {
                        now = await open(.write, socket)
                        return now != nil
                    }
                    if now != [next] { takenBack.append("epoch \(epoch): \(now ?? [])") }
                }
            }
            #expect(takenBack.isEmpty, "\(takenBack)")
        }
    }

    @Test("after the answers that were given before it, within a bound")
    func settles() async {
        let answers = RouterAnswers(members: KnownMembers(epoch: 1), mostConnections: 4)
        #expect(await answers.settle(within: .seconds(10)) == false)
        answers.willAnswer(1)
        let start = ContinuousClock.now
        #expect(await answers.settle(within: .milliseconds(20)))
        #expect(ContinuousClock.now - start >= .milliseconds(20))
        // Where a busy machine lets it begin only after the later answer, it waits for that, and is tried again.
        var isSettled = false
        for _ in 0..<3 where !isSettled { isSettled = await settlesWithoutLater() }
        #expect(isSettled)
    }

    private func settlesWithoutLater() async -> Bool {
        let answers = RouterAnswers(members: KnownMembers(epoch: 1), mostConnections: 4)
        answers.willAnswer(1)
        let isOver = Mutex(false)
        let settling = Task {
            #expect(await answers.settle(within: .seconds(3600)))
            isOver.withLock { $0 = true }
        }
        try? await Task.sleep(for: .milliseconds(20))
        // Given later, to be waited for by nobody who came before.
        answers.willAnswer(2)
        answers.leave(1)
        for _ in 0..<1000 where !isOver.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
        let isSettled = isOver.withLock { $0 }
        answers.leave(2)
        await settling.value
        return isSettled
    }
}

/// Accepts connections, and does nothing with them.
private final class HeldPort: Sendable {
    private let descriptor: Int32

    init(_ address: String, _ port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        name.sin_addr.s_addr = inet_addr(address)
        _ = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        listen(descriptor, 128)
    }

    func close() { _ = Glibc.close(descriptor) }
}

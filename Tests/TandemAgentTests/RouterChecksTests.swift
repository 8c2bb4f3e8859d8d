import TandemBlueprint
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("What the database router is told")
struct RouterChecksTests {
    private static let address = "127.200.11.1"

    private func member(
        _ host: String, _ role: DatabaseMember.Role, _ state: DatabaseMember.State, epoch: Int? = nil,
        lag: Double? = nil
    ) -> DatabaseMember {
        DatabaseMember(
            host: host, address: "127.0.0.1", port: 3306, role: role, state: state, epoch: epoch, lagSeconds: lag)
    }

    /// An agent's verdicts on a port of its own. The third member was never heard of.
    private func withChecks(
        port: Int, mostConnections: Int = 512, _ body: (TopologyBoard, Int) async throws -> Void
    ) async throws {
        let members = [
            member("server1", .primary, .open), member("server2", .replica, .streaming, lag: 1),
            member("server3", .replica, .starting),
        ]
        let board = TopologyBoard(
            stack: "shop", placement: Placement(epoch: 1, primary: "server1", partner: "server2"), members: members)
        for member in members.dropLast() { await board.set(member) }
        var checks = RouterChecks(board: board, address: Self.address, port: port, logger: quietLogger)
        // Nobody else will be heard of.
        checks.listeningTime = .milliseconds(10)
        checks.mostConnections = mostConnections
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [checks] in try await checks.run() }
            try await eventually("it listens") { Connection(Self.address, port) != nil }
            try await body(board, port)
            group.cancelAll()
        }
    }

    @Test("is one of its words for each purpose, in whatever pieces the question comes")
    func verdicts() async throws {
        try await withChecks(port: 24_101) { board, port in
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.open.reply)
            #expect(await ask(Self.address, port, "read server1\n") == RouterVerdict.open.reply)
            #expect(await ask(Self.address, port, "write server2\n") == RouterVerdict.closed.reply)
            #expect(await ask(Self.address, port, "read server2\n") == RouterVerdict.open.reply)
            #expect(await ask(Self.address, port, "read ser", "ver2", "\n") == RouterVerdict.open.reply)
            await board.set(member("server2", .replica, .streaming, lag: 10.5))
            #expect(await ask(Self.address, port, "read server2\n") == RouterVerdict.closed.reply)
            var closing = member("server1", .primary, .open)
            closing.isClosing = true
            await board.set(closing)
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.drain.reply)
            #expect(await ask(Self.address, port, "read server1\n") == RouterVerdict.drain.reply)
            #expect(!closing.takesWrites && !closing.servesReads(lagBoundSeconds: 10))
            closing.role = .replica
            await board.set(closing)
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.closed.reply, "it never was open")
            await board.set(member("server1", .primary, .failed))
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.closed.reply)
        }
    }

    @Test("opens the primary of the highest epoch alone, also while the agent of the one before cannot be asked")
    func epochs() async throws {
        try await withChecks(port: 24_107) { board, port in
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.open.reply)
            // Of server1 nothing more is heard.
            await board.set(member("server2", .replica, .starting, epoch: 2))
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.closed.reply)
            #expect(await ask(Self.address, port, "read server1\n") == RouterVerdict.closed.reply)
            await board.set(member("server2", .primary, .open, epoch: 2))
            #expect(await ask(Self.address, port, "write server2\n") == RouterVerdict.open.reply)
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.closed.reply)
            #expect(await board.topology.primary == "server2")
            await board.set(member("server1", .primary, .open, epoch: 1))
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.closed.reply)
            #expect(await ask(Self.address, port, "write server2\n") == RouterVerdict.open.reply)
        }
    }

    @Test("is nothing where the agent does not know, so that the last verdict stands")
    func unknown() async throws {
        try await withChecks(port: 24_102) { _, port in
            for question in [
                "write server3\n", "write nobody\n", "fly server1\n", "\n", "write server1 now\n", "GET / HTTP/1.1\r\n",
                String(repeating: "x", count: 300),
            ] {
                let answer = await ask(Self.address, port, question)
                #expect(answer == "" || answer == nil, "\(question)")
            }
        }
    }

    @Test("comes to many who ask at the same time")
    func many() async throws {
        try await withChecks(port: 24_103) { _, port in
            let answers = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<300 { group.addTask { await ask(Self.address, port, "write server1\n") } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 300 && answers.allSatisfy { $0 == RouterVerdict.open.reply })
        }
    }

    @Test("comes although others hold all connections and say nothing; they are cut off")
    func silent() async throws {
        try await withChecks(port: 24_104, mostConnections: 20) { _, port in
            let silent = (0..<10).compactMap { _ in Connection(Self.address, port) }
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.open.reply)
            // More than there is room for: the oldest are closed, and must not be counted any longer.
            let more = (0..<60).compactMap { _ in Connection(Self.address, port) }
            #expect(silent.count == 10 && more.count == 60)
            for _ in 0..<5 { #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.open.reply) }
            for connection in silent + more { #expect(await connection.answer() == "") }
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.open.reply)
        }
    }

    @Test("is nothing before the agent has listened to the others, and comes as soon as it has")
    func listensFirst() async throws {
        let port = 24_106
        let members = [member("server1", .primary, .open), member("server2", .replica, .streaming, lag: 1)]
        let board = TopologyBoard(
            stack: "shop", placement: Placement(epoch: 1, primary: "server1", partner: "server2"), members: members)
        await board.set(members[0])
        var checks = RouterChecks(board: board, address: Self.address, port: port, logger: quietLogger)
        checks.listeningTime = .seconds(3600)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [checks] in try await checks.run() }
            // What does not wait listens within milliseconds.
            for _ in 0..<50 {
                #expect(Connection(Self.address, port) == nil)
                try await Task.sleep(for: .milliseconds(10))
            }
            await board.set(members[1])
            try await eventually("it listens") { Connection(Self.address, port) != nil }
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.open.reply)
            group.cancelAll()
        }
    }

    @Test("ends with the agent, which frees the port")
    func ends() async throws {
        try await withChecks(port: 24_105) { _, port in
            #expect(await ask(Self.address, port, "write server1\n") == RouterVerdict.open.reply)
        }
        #expect(Connection(Self.address, 24_105) == nil)
    }
}

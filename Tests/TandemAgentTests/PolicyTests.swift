import TandemReplication
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("A service that ends by itself")
struct RestartPolicyTests {
    @Test("is started again at once, then ever later")
    func backOff() {
        var policy = RestartPolicy()
        let decisions = (0..<4).map { policy.died(at: .seconds($0)) }
        #expect(
            decisions == [
                .restart(after: .zero), .restart(after: .milliseconds(200)), .restart(after: .milliseconds(800)),
                .restart(after: .seconds(3)),
            ])
    }

    @Test("has failed after five deaths within a minute, rests, and gets another five")
    func fails() {
        var policy = RestartPolicy()
        for second in 0..<4 { _ = policy.died(at: .seconds(second)) }
        #expect(policy.died(at: .seconds(60)) == .fail(retryAfter: .seconds(30)))
        #expect(policy.died(at: .seconds(90)) == .restart(after: .zero))
    }

    @Test("may die once a minute for ever")
    func forgets() {
        var policy = RestartPolicy()
        for minute in 0..<1000 { #expect(policy.died(at: .seconds(minute * 61)) == .restart(after: .zero)) }
    }

    @Test("is counted by the last minute, not by calendar minutes")
    func slides() {
        var policy = RestartPolicy()
        for second in [0, 20, 40, 59] { _ = policy.died(at: .seconds(second)) }
        #expect(policy.died(at: .seconds(61)) == .restart(after: .seconds(3)))
        #expect(policy.died(at: .seconds(62)) == .fail(retryAfter: .seconds(30)))
    }
}

@Suite("The board of what is known")
struct TopologyBoardTests {
    private func board(_ hosts: [String] = ["server1", "server2"]) -> TopologyBoard {
        TopologyBoard(
            stack: "shop", placement: Placement(epoch: 1, primary: "server1", partner: "server2"),
            members: hosts.map { member($0) })
    }

    private func member(_ host: String, _ state: DatabaseMember.State = .starting, partner: String? = nil)
        -> DatabaseMember
    {
        DatabaseMember(
            host: host, address: "127.0.0.1", port: 3306, role: host == "server1" ? .primary : .replica, state: state,
            partner: partner)
    }

    private func member(_ host: String, _ role: DatabaseMember.Role, epoch: Int?) -> DatabaseMember {
        DatabaseMember(
            host: host, address: "127.0.0.1", port: 3306, role: role, state: role == .primary ? .open : .streaming,
            epoch: epoch)
    }

    @Test("names who leads in the highest epoch, and nobody while that is not known")
    func epochs() async {
        let board = board()
        await board.set(member("server1", .primary, epoch: nil))
        #expect(await board.topology.epoch == 1)
        #expect(await board.primary?.host == "server1")
        #expect(await board.topology.member("server1")?.epoch == 1)
        await board.set(member("server2", .replica, epoch: 2))
        #expect(await board.topology.epoch == 2)
        #expect(await board.primary == nil)
        #expect(await board.topology.sync == .waiting)
        await board.set(member("server2", .primary, epoch: 2))
        #expect(await board.primary?.host == "server2")
        #expect(await board.topology.primary == "server2")
        // Late news from before.
        await board.set(member("server1", .primary, epoch: 1))
        #expect(await board.primary?.host == "server2")
        #expect(await board.topology.epoch == 2)
        await board.set(member("server1", .replica, epoch: 2))
        #expect(await board.heardPlacement == Placement(epoch: 2, primary: "server2", partner: nil))
    }

    @Test("believes nobody who leads in an earlier epoch than was written down")
    func recorded() async {
        let board = TopologyBoard(
            stack: "shop", placement: Placement(epoch: 3, primary: "server2", partner: nil),
            members: ["server1", "server2"].map { member($0) })
        await board.set(member("server1", .primary, epoch: 2))
        #expect(await board.primary == nil)
        #expect(await board.topology.primary == "server2")
        #expect(await board.topology.epoch == 3)
        #expect(!board.knownMembers.now.takesWrites("server1"))
        #expect(await board.heardPlacement == nil)
    }

    @Test("has what it hears of who leads written down, and what it only assumes not")
    func memory() async throws {
        let folder = try TemporaryFolder()
        let state = StackFolder(in: folder)
        try folder.make("state/run/lb1")
        let board = board()
        let memory = Task { await PlacementMemory(board: board, host: "lb1", folder: state, logger: quietLogger).run() }
        try await eventually("it waits") { await board.waiting == 1 }
        #expect(PlacementRecord.all(in: state).isEmpty)
        await board.set(member("server2", .primary, epoch: 2))
        let placement = Placement(epoch: 2, primary: "server2", partner: nil)
        try await eventually("it is written") { PlacementRecord.all(in: state) == [placement] }
        memory.cancel()
        await memory.value
    }

    @Test("wakes who waits when something changes, and not before", .timeLimit(.minutes(1)))
    func wakes() async throws {
        let board = board()
        let seen = await board.version
        let waiting = Task {
            await board.waitForChange(from: seen, timeout: .seconds(3600))
            return await board.version
        }
        try await eventually("it waits") { await board.waiting == 1 }
        await board.set(member("server2"))
        let afterFirstWord = await waiting.value
        #expect(afterFirstWord > seen, "the first word of a member is news")
        let again = Task {
            await board.waitForChange(from: afterFirstWord, timeout: .seconds(3600))
            return await board.version
        }
        try await eventually("it waits again") { await board.waiting == 1 }
        await board.set(member("server2"))
        #expect(await board.waiting == 1, "nothing has changed")
        await board.set(member("server2", .streaming))
        #expect(await again.value > afterFirstWord)
        #expect(await board.member("server2")?.state == .streaming)
    }

    @Test("does not count what changes nothing")
    func sameWord() async {
        let board = board()
        await board.set(member("server1", .open))
        let seen = await board.version
        await board.set(member("server1", .open))
        #expect(await board.version == seen)
        // The first word of a member is news even when it says what was assumed.
        await board.set(member("server2"))
        #expect(await board.version > seen)
    }

    @Test("lets a wait end after its time, and at once when it is for something past", .timeLimit(.minutes(1)))
    func timesOut() async {
        let board = board()
        let seen = await board.version
        await board.waitForChange(from: seen, timeout: .milliseconds(20))
        #expect(await board.version == seen)
        await board.waitForChange(from: seen - 1, timeout: .seconds(3600))
    }

    @Test("lets a wait end when it is cancelled, before or after it began", .timeLimit(.minutes(1)))
    func cancels() async throws {
        let board = board()
        let seen = await board.version
        for round in 0..<50 {
            let waiting = Task { await board.waitForChange(from: seen, timeout: .seconds(3600)) }
            if round % 2 == 0 { try await eventually("it waits") { await board.waiting == 1 } }
            waiting.cancel()
            await waiting.value
            #expect(await board.waiting == 0)
        }
        #expect(await board.version == seen, "nothing else has ended them")
    }

    @Test("loses no wake-up, however many wait while much changes", .timeLimit(.minutes(1)))
    func concurrency() async {
        let board = board()
        let last = await board.version + 500
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    var seen = 0
                    // Each one sees the last version without the help of a time-out.
                    while seen < last {
                        await board.waitForChange(from: seen, timeout: .seconds(3600))
                        seen = await board.version
                    }
                }
            }
            for _ in 0..<5 {
                group.addTask {
                    for _ in 0..<100 {
                        await board.changed()
                        await Task.yield()
                    }
                }
            }
        }
        #expect(await board.version == last)
    }

    @Test("tells what it was told from what it only assumes")
    func known() async {
        let board = board()
        #expect(await board.member("server1")?.state == .starting)
        #expect(await board.knownMember("server1") == nil)
        await board.set(member("server1"))
        #expect(await board.knownMember("server1") != nil)
        #expect(await !board.knowsEveryMember)
        await board.set(member("server2"))
        #expect(await board.knowsEveryMember)
    }

    @Test("says how many have each write")
    func sync() async {
        let board = board()
        #expect(await board.topology.sync == .solo)
        await board.set(member("server1", .open, partner: "server2"))
        #expect(await board.topology.sync == .waiting, "the partner does not follow yet")
        await board.set(member("server2", .streaming))
        #expect(await board.topology.sync == .pair)
        await board.set(member("server1", .waiting, partner: "server2"))
        #expect(await board.topology.sync == .waiting)
        #expect(await board.topology.members.map(\.host) == ["server1", "server2"])
    }
}

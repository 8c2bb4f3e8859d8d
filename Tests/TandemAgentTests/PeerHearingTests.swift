import TandemTopology
import Testing

@testable import TandemAgent

@Suite("Who has heard that a database is about to close")
struct PeerHearingTests {
    private let now = ContinuousClock.now

    @Test("is everybody who asks for what comes after it, but for those who have not asked for long")
    func heard() {
        let alone = PeerHearing(at: now)
        alone.asked("lb1", after: 1, at: now)
        #expect(alone.verdict(on: 7, at: now) == .heard, "nobody listens who has a router")
        let hearing = PeerHearing(listeners: ["server2", "app1"], at: now)
        hearing.asked("app1", after: 7, at: now)
        #expect(hearing.verdict(on: 7, at: now) == .unknown, "server2 is yet to ask")
        #expect(hearing.verdict(on: 7, at: now + .seconds(16)) == .heard, "it is not there")
        hearing.asked("server2", after: 6, at: now)
        #expect(hearing.verdict(on: 6, at: now) == .heard && hearing.verdict(on: 7, at: now) == .notYet)
        hearing.asked("server2", after: 8, at: now)
        #expect(hearing.verdict(on: 7, at: now) == .heard)
        hearing.asked("server2", after: 0, at: now)
        #expect(hearing.verdict(on: 7, at: now) == .notYet, "its agent began anew")
        #expect(hearing.verdict(on: 7, at: now + .seconds(16)) == .heard, "it is gone")
    }

    @Test("is waited for, and not for long", .timeLimit(.minutes(1)))
    func settles() async {
        let host = "server1"
        var member = DatabaseMember(
            host: host, address: "127.0.0.1", port: 3306, role: .primary, state: .open, partner: "server2")
        let board = TopologyBoard(
            stack: "shop", placement: Placement(epoch: 1, primary: host, partner: "server2"), members: [member])
        await board.set(member)
        let hearing = PeerHearing(listeners: ["server2"])
        hearing.asked("server2", after: await board.version)
        #expect(await !hearing.settle(host, on: board), "nothing was said yet, so that nobody can have heard it")
        member.isClosing = true
        await board.set(member)
        #expect(await !hearing.settle(host, on: board), "it was said, and the peer has not asked again")
        // It is waited for some milliseconds, in which a busy machine may not get to what comes next: then it is tried
        // again.
        var isHeard = false
        for _ in 0..<50 where !isHeard {
            hearing.asked("server2", after: 0)
            async let settled = hearing.settle(host, on: board)
            try? await Task.sleep(for: .milliseconds(5))
            hearing.asked("server2", after: await board.version)
            isHeard = await settled
        }
        #expect(isHeard, "the peer hears it while it is waited for")
    }
}

import TandemTopology
import Testing

@testable import TandemAgent

@Suite("Who has heard that a database is about to close")
struct PeerHearingTests {
    private let now = ContinuousClock.now

    @Test("is everybody who asks for what comes after it, but for those who have not asked for long")
    func heard() {
        let hearing = PeerHearing(listeners: ["server2", "app1"])
        hearing.asked("lb1", after: 1, at: now)
        #expect(hearing.haveHeard(7), "nobody listens")
        hearing.asked("server2", after: 6, at: now)
        hearing.asked("app1", after: 7, at: now)
        #expect(hearing.haveHeard(6, at: now) && !hearing.haveHeard(7, at: now))
        hearing.asked("server2", after: 8, at: now)
        #expect(hearing.haveHeard(7, at: now))
        hearing.asked("server2", after: 0, at: now)
        #expect(!hearing.haveHeard(7, at: now), "its agent began anew")
        #expect(hearing.haveHeard(7, at: now + .seconds(16)), "it is gone")
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

        // Nothing was said yet, so that nobody can have heard it.
        var start = ContinuousClock.now
        await hearing.settle(host, on: board)
        #expect(ContinuousClock.now - start >= .milliseconds(50))

        // It is said, and nobody hears it.
        member.isClosing = true
        await board.set(member)
        start = .now
        await hearing.settle(host, on: board)
        #expect(ContinuousClock.now - start >= .milliseconds(50))

        // The peer hears it while it is waited for.
        let version = await board.version
        start = .now
        async let settled: Void = hearing.settle(host, on: board)
        hearing.asked("server2", after: version)
        await settled
        #expect(hearing.haveHeard(version))
    }
}

import Synchronization
import Testing

@testable import TandemFailover
@testable import TandemFailoverDriver

@Suite("What one agent tells another")
struct PeerOutboxTests {
    private let lower = HostID(0)
    private let higher = HostID(1)
    private let words = PeerStatus(epoch: 3, stateRevision: 7, serverAnswers: true)
    private let news = PeerStatus(epoch: 3, stateRevision: 7, serverAnswers: false)

    @Test("is left to the reply, where it is nothing new and the other one has just asked")
    func leftToReply() async throws {
        let agent = Outbox(own: higher, other: lower)
        try await agent.run {
            try await agent.tell(words)
            #expect(agent.outbox.reply(to: lower) == words)
            agent.clock.advance(by: .milliseconds(500))
            agent.outbox.broadcast(words)
            #expect(agent.outbox.reply(to: lower) == words)
            #expect(agent.outbox.isQuiet(to: lower) && agent.sent == [words])

            agent.clock.advance(by: .milliseconds(500))
            try await agent.tell(news)
            #expect(agent.sent == [words, news], "what is new is told at once")

            #expect(agent.outbox.reply(to: lower) == news)
            agent.clock.advance(by: .milliseconds(800))
            try await agent.tell(news)
            #expect(agent.sent == [words, news, news], "one that does not ask is told")
        }
    }

    @Test("is told now and then although the other one asks, so that there is a way when there is news")
    func keepsConnection() async throws {
        let agent = Outbox(own: higher, other: lower)
        try await agent.run {
            try await agent.tell(words)
            for _ in 0..<59 {
                #expect(agent.outbox.reply(to: lower) == words)
                agent.clock.advance(by: .milliseconds(500))
                agent.outbox.broadcast(words)
            }
            #expect(agent.sent == [words])
            #expect(agent.outbox.reply(to: lower) == words)
            agent.clock.advance(by: .milliseconds(500))
            try await agent.tell(words)
            #expect(agent.sent == [words, words])
        }
    }

    @Test("is told again where it may not have arrived")
    func lost() async throws {
        let agent = Outbox(own: higher, other: lower)
        try await agent.run {
            try await agent.tell(words)
            #expect(agent.outbox.reply(to: lower) == words)
            agent.channel.isCut.withLock { $0 = true }
            try await agent.tell(news)
            try await agent.tell(news)
            #expect(agent.sent == [words, news, news])
        }
    }

    @Test("follows an older one that is still on its way, though the other one was told the same before")
    func flipsBack() async throws {
        let agent = Outbox(own: higher, other: lower)
        try await agent.run {
            try await agent.tell(words)
            #expect(agent.outbox.reply(to: lower) == words)
            let gate = agent.channel.close()
            agent.outbox.broadcast(news)
            try await eventually("it is being sent") { agent.sent == [words, news] }
            agent.outbox.broadcast(words)
            gate.finish()
            try await eventually("it is taken back") { agent.sent == [words, news, words] }
        }
    }

    @Test("is in no reply while it is on its way, when it is old, or where the other one is told in any case")
    func noReply() async throws {
        let agent = Outbox(own: higher, other: lower)
        #expect(agent.outbox.reply(to: lower) == nil, "there is nothing to say yet")
        agent.outbox.broadcast(words)
        #expect(agent.outbox.reply(to: lower) == nil, "it waits for its turn, and would arrive after the reply")
        let gate = agent.channel.close()
        try await agent.run {
            try await eventually("it is being sent") { agent.sent == [words] }
            #expect(agent.outbox.reply(to: lower) == nil)
            gate.finish()
            try await eventually("it has been sent") { agent.outbox.isQuiet(to: lower) }
            #expect(agent.outbox.reply(to: lower) == words)
            agent.clock.advance(by: .milliseconds(800))
            #expect(agent.outbox.reply(to: lower) == nil, "it may be true no longer")
        }
        let speaker = Outbox(own: lower, other: higher)
        try await speaker.run {
            try await speaker.tell(words)
            #expect(speaker.outbox.reply(to: higher) == nil)
            try await speaker.tell(words)
            #expect(speaker.sent == [words, words])
        }
    }

    @Test("is heard from a reply, together with how often the other one had spoken when it was asked")
    func heard() async throws {
        let agent = Outbox(own: lower, other: higher)
        agent.outbox.noteHearing(of: higher)
        agent.channel.reply.withLock { $0 = news }
        try await agent.run {
            agent.outbox.broadcast(words)
            try await eventually("the reply is heard") { agent.heard.withLock { $0.map(\.status) } == [news] }
            #expect(agent.heard.withLock { $0.map(\.hearings) } == [1])
            agent.outbox.noteHearing(of: higher)
            #expect(agent.outbox.hearings(of: higher) == 2)
        }
    }

    @Test("stands, where the host has spoken since the reply was asked for")
    func olderReply() async throws {
        let channel = LateChannel(newer: news, older: words)
        let driver = FailoverDriver(
            configuration: FailoverConfiguration(
                host: lower, dataHosts: HostSet(), members: HostSet(lower, higher), newCluster: 4711),
            hands: nil, store: ScriptedStore(), peers: channel, logger: quietLogger)
        channel.driver.withLock { $0 = driver }
        let running = Task { await driver.run() }
        defer { running.cancel() }
        try await eventually("the first reply has been taken") { channel.sent.withLock { $0 } == 2 }
        #expect(await driver.machine.peers[1].status == news)
    }
}

/// Its host speaks while the reply is on its way. The second message is never answered.
private final class LateChannel: PeerChannel {
    let driver = Mutex<FailoverDriver?>(nil)
    let sent = Mutex(0)
    private let newer: PeerStatus
    private let older: PeerStatus

    init(newer: PeerStatus, older: PeerStatus) {
        self.newer = newer
        self.older = older
    }

    func send(_ message: PeerMessage, to host: HostID) async -> PeerReply? {
        let count = sent.withLock { sent in
            sent += 1
            return sent
        }
        guard count == 1 else {
            try? await Task.sleep(for: .seconds(60))
            return nil
        }
        await driver.withLock { $0 }?.receive(.status(newer), from: host)
        return PeerReply(status: older)
    }
}

/// The outbox of one of two agents.
private final class Outbox: Sendable {
    let outbox: PeerOutbox
    let channel = ScriptedChannel()
    let clock = ScriptedClock()
    private let other: HostID
    let heard = Mutex<[(status: PeerStatus, hearings: Int)]>([])

    init(own: HostID, other: HostID) {
        self.other = other
        outbox = PeerOutbox(channel: channel, own: own, hosts: [other], clock: { [clock] in clock.now })
    }

    var sent: [PeerStatus] { channel.sent.withLock { $0 } }

    /// Returns when the other one has been told.
    func tell(_ status: PeerStatus) async throws {
        outbox.broadcast(status)
        try await eventually("it has been told") { self.outbox.isQuiet(to: self.other) }
    }

    func run(_ body: () async throws -> Void) async throws {
        let running = Task { [self] in
            await outbox.run { [self] status, _, hearings in heard.withLock { $0.append((status, hearings)) } }
        }
        defer { running.cancel() }
        try await body()
    }
}

private final class ScriptedClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 += duration } }
}

private final class ScriptedChannel: PeerChannel {
    let sent = Mutex<[PeerStatus]>([])
    let reply = Mutex<PeerStatus?>(nil)
    let isCut = Mutex(false)
    private let gate = Mutex<AsyncStream<Void>?>(nil)

    /// The next message is on its way until the returned gate is finished.
    func close() -> AsyncStream<Void>.Continuation {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        gate.withLock { $0 = stream }
        return continuation
    }

    func send(_ message: PeerMessage, to host: HostID) async -> PeerReply? {
        if case .status(let status) = message { sent.withLock { $0.append(status) } }
        if let gate = gate.withLock({ $0 }) { for await _ in gate {} }
        return isCut.withLock { $0 } ? nil : PeerReply(status: reply.withLock { $0 })
    }
}

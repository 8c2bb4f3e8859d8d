import Testing

@testable import TandemFailover

@Suite("A server that an operator wants stopped")
struct HoldingTests {
    private func snapshot(_ standing: StateRecord.Standing, isPaused: Bool = false, revision: UInt64 = 8)
        -> StoreSnapshot
    {
        StoreSnapshot(
            state: StateRecord(epoch: 1, primary: Agent.primary, standing: standing), stateRevision: revision,
            leader: LeaderRecord(host: Agent.primary, epoch: 1), isPaused: isPaused)
    }

    private let open = ServerObservation(life: .up, access: .writing, admitted: HostSet(Agent.partner))

    private func primary(_ standing: StateRecord.Standing, isPaused: Bool = false) throws -> Agent {
        var server = open
        server.isSourceSideOn = standing != .alone
        server.noted = standing == .alone ? nil : WaitingPair(acknowledger: Agent.partner, epoch: 1)
        var agent = Agent(Agent.primary)
        agent.read(snapshot(standing, isPaused: isPaused, revision: 7), server)
        agent.finish(server)
        let claim = try #require(agent.lastWrite())
        agent.handle(.storeAnswered(id: claim.id, .written(revision: 8)))
        agent.commitHeartbeat()
        agent.finish(server)
        return agent
    }

    @Test("A primary in a pair closes and asks its partner to take over before it is stopped")
    func handsOver() throws {
        var agent = try primary(.paired(Agent.partner))
        agent.handle(.heard(Agent.partner, PeerStatus(epoch: 1, stateRevision: 8, acknowledges: true)))
        agent.handle(.held(HoldOrder(isHeld: true, number: 1)))
        #expect(agent.lastCommand()?.command == .setAccess(.closed))
        var closed = open
        closed.access = .closed
        agent.finish(closed)
        #expect(agent.machine.status.handsOver)
        #expect(agent.lastCommand()?.command == .setAccess(.closed), "it is not stopped while it is the primary")
        // The partner took over.
        agent.now += 600
        let next = StoreSnapshot(
            state: StateRecord(epoch: 2, primary: Agent.partner, standing: .alone), stateRevision: 9,
            leader: LeaderRecord(host: Agent.partner, epoch: 2))
        agent.read(next, closed)
        #expect(agent.lastCommand()?.command == .stopServer)
        agent.finish(ServerObservation(life: .down))
        #expect(agent.machine.isStopped)
        agent.now += 600
        agent.read(next, ServerObservation(life: .down))
        #expect(agent.lastCommand()?.command == .stopServer, "it is not started again")
        agent.handle(.held(HoldOrder(isHeld: false, number: 2)))
        #expect(agent.lastCommand()?.command != .stopServer)
    }

    @Test("With failover paused the primary is stopped as it is, closed first")
    func paused() throws {
        var agent = try primary(.paired(Agent.partner), isPaused: true)
        agent.handle(.held(HoldOrder(isHeld: true, number: 1)))
        #expect(agent.lastCommand()?.command == .setAccess(.closed))
        var closed = open
        closed.access = .closed
        agent.finish(closed)
        #expect(agent.lastCommand()?.command == .stopServer)
        #expect(!agent.machine.status.handsOver)
    }

    @Test("A partner goes only when its primary waits for it no longer, and does not take over meanwhile")
    func partnerLeaves() throws {
        let following = ServerObservation(
            life: .up, access: .reading, isSourceSideOn: false, isReplicaSideOn: true, receiver: .connected,
            receiverAcknowledges: true, source: Agent.primary, attachedEpoch: 1, isApplierOn: true, isCloseBehind: true)
        var agent = Agent(Agent.partner, hold: HoldOrder(isHeld: true, number: 1))
        func hear(_ agent: inout Agent) {
            agent.handle(
                .heard(Agent.primary, PeerStatus(epoch: 1, stateRevision: 8, serverAnswers: true, takesCommits: true)))
        }
        hear(&agent)
        agent.read(snapshot(.paired(Agent.partner)), following)
        agent.finish(following)
        #expect(agent.machine.status.isHeld)
        #expect(agent.lastCommand()?.command == .killSessions)
        agent.now += 600
        hear(&agent)
        agent.read(snapshot(.alone, revision: 9), following)
        #expect(agent.lastCommand()?.command == .stopReceiver)
        var silent = following
        silent.receiver = .off
        agent.finish(silent)
        #expect(agent.lastCommand()?.command == .setAccess(.closed), "its readers go before it does")
        silent.access = .closed
        agent.finish(silent)
        #expect(agent.lastCommand()?.command == .stopServer && agent.lastWrite() == nil)
    }

    @Test("A word that an operator has taken back stays taken back, also where it arrives after that")
    func lateOrder() throws {
        var agent = try primary(.alone)
        agent.handle(.held(HoldOrder(isHeld: false, number: 2)))
        agent.handle(.held(HoldOrder(isHeld: true, number: 1)))
        #expect(!agent.machine.status.isHeld)
        agent.handle(.held(HoldOrder(isHeld: true, number: 3)))
        #expect(agent.machine.status.isHeld)
        let restarted = Agent(Agent.primary, hold: HoldOrder(isHeld: false, number: 4))
        agent = restarted
        agent.handle(.held(HoldOrder(isHeld: true, number: 3)))
        #expect(!agent.machine.status.isHeld, "an agent that starts anew knows how far the orders have come")
    }

    @Test("A primary lets a partner go at once that is to be stopped")
    func letsGo() throws {
        var agent = try primary(.paired(Agent.partner))
        agent.handle(
            .heard(
                Agent.partner,
                PeerStatus(epoch: 1, stateRevision: 8, serverAnswers: true, acknowledges: true, isHeld: true)))
        agent.read(snapshot(.paired(Agent.partner)), open)
        #expect(agent.lastWrite()?.transaction.purpose == .shrink)
    }
}

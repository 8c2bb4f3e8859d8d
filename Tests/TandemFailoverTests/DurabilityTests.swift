import Testing

@testable import TandemFailover

@Suite("A follower that lags")
struct DurabilityTests {
    private func snapshot(_ standing: StateRecord.Standing) -> StoreSnapshot {
        StoreSnapshot(
            state: StateRecord(epoch: 1, primary: Agent.primary, standing: standing), stateRevision: 8,
            leader: LeaderRecord(host: Agent.primary, epoch: 1))
    }

    private let lagging = ServerObservation(
        life: .up, access: .reading, isSourceSideOn: false, receiver: .connected, source: Agent.primary,
        attachedEpoch: 1, isApplierOn: true, hasAppliedAll: false, isCloseBehind: false)

    /// What it does last in so many looks, 100 ms apart.
    private func watch(
        _ agent: inout Agent, _ snapshot: StoreSnapshot, _ seen: ServerObservation, looks: Int
    ) -> ServerCommand? {
        let before = agent.lastCommand()?.id
        for _ in 0..<looks {
            agent.now += 100
            agent.read(snapshot, seen)
        }
        let last = agent.lastCommand()
        return last?.id == before ? nil : last?.command
    }

    private func follower(_ seen: ServerObservation, _ snapshot: StoreSnapshot) -> Agent {
        var agent = Agent(Agent.partner)
        agent.read(snapshot, seen)
        // The sessions of earlier agents.
        agent.finish(seen)
        return agent
    }

    @Test("does not wait for its disk while there is no pair, and only once it has lagged for two seconds")
    func catchesUp() {
        var agent = follower(lagging, snapshot(.alone))
        #expect(watch(&agent, snapshot(.alone), lagging, looks: 19) == nil)
        #expect(watch(&agent, snapshot(.alone), lagging, looks: 3) == .setDurability(false))
    }

    @Test("is one only while it receives: neither before its receiver connects, nor while its source is gone")
    func receivesNothing() {
        var connecting = lagging
        connecting.receiver = .connecting
        var agent = follower(connecting, snapshot(.alone))
        #expect(watch(&agent, snapshot(.alone), connecting, looks: 60) == nil)
        #expect(watch(&agent, snapshot(.alone), lagging, looks: 19) == nil)
        #expect(watch(&agent, snapshot(.alone), lagging, looks: 4) == .setDurability(false))
    }

    @Test("keeps its commits on disk while another host is the partner")
    func isNotNeeded() {
        let third = snapshot(.paired(Agent.witness))
        var agent = follower(lagging, third)
        #expect(watch(&agent, third, lagging, looks: 60) == nil)
    }

    @Test("has its commits on disk again once it has been close for ten seconds and nobody named it")
    func comesBack() {
        var close = lagging
        close.isCloseBehind = true
        close.isDurable = false
        var agent = follower(close, snapshot(.alone))
        #expect(watch(&agent, snapshot(.alone), close, looks: 99) == nil)
        #expect(watch(&agent, snapshot(.alone), close, looks: 3) == .setDurability(true))
    }

    @Test("has its commits on disk before it acknowledges any")
    func acknowledges() {
        var seen = lagging
        seen.isCloseBehind = true
        seen.isDurable = false
        seen.hasAppliedAll = true
        let joining = snapshot(.joining(Agent.partner))
        var agent = follower(seen, joining)
        #expect(agent.lastCommand()?.command == .stopReceiver)
        seen.receiver = .off
        agent.finish(seen)
        #expect(agent.lastCommand()?.command == .setDurability(true))
        // It failed, and is tried again.
        agent.finish(seen, .failed)
        #expect(agent.lastCommand()?.command == .setDurability(true))
        seen.isDurable = true
        agent.finish(seen)
        #expect(agent.lastCommand()?.command == .setReplicaSide(true))
    }

    @Test("that acknowledges has them on disk again where somebody else switched that off")
    func othersSetting() {
        var seen = lagging
        seen.isReplicaSideOn = true
        seen.receiverAcknowledges = true
        seen.isCloseBehind = true
        seen.isDurable = false
        let agent = follower(seen, snapshot(.paired(Agent.partner)))
        #expect(agent.lastCommand()?.command == .setDurability(true))
    }

    @Test("has its commits on disk before a planned stop, which the machine's may follow; but not at any price")
    func stops() {
        var seen = lagging
        seen.isDurable = false
        seen.receiver = .off
        seen.access = .closed
        var agent = follower(seen, snapshot(.alone))
        agent.finish(seen)
        agent.handle(.held(HoldOrder(isHeld: true, number: 1)))
        agent.finish(seen)
        #expect(agent.lastCommand()?.command == .setDurability(true))
        for _ in 0..<15 {
            #expect(agent.lastCommand()?.command == .setDurability(true))
            agent.now += 1_010
            agent.finish(seen, .failed)
        }
        #expect(agent.lastCommand()?.command == .stopServer)
    }

    @Test("A primary that was forced, or whose setting somebody changed, has its commits on disk before it opens")
    func leads() {
        var seen = ServerObservation(life: .up, isSourceSideOn: false, isDurable: false)
        let record = StateRecord(epoch: 2, primary: Agent.primary, standing: .alone)
        let situation = PrimarySituation(mayAcknowledgeAlone: true)
        #expect(PrimaryStep(record: record, seen: seen, situation: situation).next() == .setDurability(true))
        seen.isDurable = true
        #expect(PrimaryStep(record: record, seen: seen, situation: situation).next() == .setAccess(.writing))
    }

    @Test(
        "Data that may be torn is replaced by a copy, whatever fits; what only it has is exported first",
        arguments: [false, true])
    func torn(hasTail: Bool) throws {
        var sources = GTIDSources()
        let uuid = "2598f98b-ea61-11f1-8aed-3cf104423e6f"
        let executed = try GTIDSet(text: "\(uuid):1-50", sources: &sources)
        let received = try GTIDSet(text: "\(uuid):1-\(hasTail ? 60 : 50)", sources: &sources)
        var down = ServerObservation(life: .down, attachedEpoch: 1, isDurable: false)
        down.isTorn = true
        var agent = Agent(Agent.partner)
        agent.read(snapshot(.alone), down)
        #expect(agent.lastCommand()?.command == .inspect)
        agent.finish(down, .inspected(Inventory(received: received, logged: received, note: nil)))
        let questions = agent.log.compactMap { if case .ask(_, let question) = $0 { question } else { nil } }
        agent.handle(
            .answered(
                Agent.primary, question: questions.last ?? 0,
                PrimaryInventory(epoch: 1, executed: executed, purged: GTIDSet.empty)))
        if hasTail {
            #expect(agent.lastCommand()?.command == .export(received.subtracting(executed)))
            agent.finish(down)
        }
        #expect(agent.lastCommand()?.command == .clone(from: Agent.primary))
    }
}

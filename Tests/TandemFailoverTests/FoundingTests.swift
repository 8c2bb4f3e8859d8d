import TandemFailover
import Testing

@Suite("A stack's first start")
struct FoundingTests {
    private let fresh = ServerObservation(life: .up, isPrepared: false, isFresh: true)

    private func founder(hearing status: PeerStatus) -> Agent {
        var agent = Agent(Agent.primary)
        agent.handle(.heard(Agent.partner, status))
        agent.read(StoreSnapshot(), fresh)
        agent.finish(fresh)
        return agent
    }

    @Test("The first data host founds the stack where nobody was ever in one")
    func founds() {
        let agent = founder(hearing: PeerStatus(isFresh: true))
        #expect(agent.lastWrite()?.transaction.purpose == .found)
    }

    @Test(
        "Nobody founds a stack while another host was in one, even if nothing was ever written there"
    )
    func refrains() {
        let agent = founder(hearing: PeerStatus(isFresh: true, remembersStack: true))
        #expect(agent.lastWrite() == nil)
    }

    @Test("A host that has read of a stack tells the others")
    func tells() {
        var agent = Agent(Agent.partner)
        agent.read(StoreSnapshot(), ServerObservation(life: .down))
        #expect(!agent.machine.status.remembersStack)
        #expect(Agent(Agent.partner, cluster: 7).machine.status.remembersStack)
    }

    private static let paired = StateRecord(epoch: 3, primary: Agent.primary, standing: .paired(Agent.partner))

    private static func snapshot(_ record: StateRecord) -> StoreSnapshot {
        StoreSnapshot(state: record, stateRevision: 9, cluster: 7)
    }

    @Test("A primary whose data is gone does not lead with new data, and has its partner take over")
    func lostData() {
        for record in [
            Self.paired, StateRecord(epoch: 3, primary: Agent.primary, standing: .alone),
            StateRecord(epoch: 1, primary: Agent.primary, standing: .joining(Agent.partner)),
        ] {
            var agent = Agent(Agent.primary)
            agent.read(Self.snapshot(record), ServerObservation(life: .down, isFresh: true))
            agent.handle(.tick(ServerObservation(life: .down, isFresh: true)))
            #expect(agent.lastCommand()?.command == nil && agent.lastWrite() == nil, "\(record)")
            #expect(agent.machine.readiness.blockers.contains(.dataLost) && !agent.machine.status.serverAnswers)
            // One that came back with the server running has it killed.
            var other = Agent(Agent.primary)
            other.read(Self.snapshot(record), fresh)
            other.finish(fresh)
            #expect(other.lastCommand()?.command == .killServer, "\(record)")
        }
    }

    @Test("Whoever founded the stack and ended before it opened goes on, once nobody else has data")
    func foundedBefore() {
        let record = StateRecord(epoch: 1, primary: Agent.primary, standing: .alone)
        func start(hearing status: PeerStatus?) -> ServerCommand? {
            var agent = Agent(Agent.primary)
            if let status { agent.handle(.heard(Agent.partner, status)) }
            agent.read(Self.snapshot(record), ServerObservation(life: .down, isFresh: true))
            return agent.lastCommand()?.command
        }
        #expect(start(hearing: PeerStatus(isFresh: true)) == .startServer)
        #expect(start(hearing: PeerStatus(isFresh: false)) == nil)
        #expect(start(hearing: nil) == nil)
    }

    @Test("A partner whose data is gone does not take over")
    func lostPartner() {
        func writes(_ server: ServerObservation) -> StateTransaction.Purpose? {
            var agent = Agent(Agent.partner)
            let gone = PeerStatus(epoch: 3, stateRevision: 9, serverAnswers: false)
            agent.handle(.heard(Agent.primary, gone))
            agent.read(Self.snapshot(Self.paired), server)
            agent.finish(server)
            for _ in 0..<40 {
                agent.now += 500
                agent.handle(.heard(Agent.primary, gone))
                agent.read(Self.snapshot(Self.paired), server)
                agent.finish(server)
            }
            return agent.lastWrite()?.transaction.purpose
        }
        let good = ServerObservation(life: .up, source: Agent.primary, attachedEpoch: 3)
        #expect(writes(good) == .promote)
        #expect(writes(fresh) == nil)
        var earlier = good
        earlier.attachedEpoch = 2
        #expect(writes(earlier) == nil)
    }
}

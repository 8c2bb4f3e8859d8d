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
}

import TandemFailover
import Testing

@Suite("A server that takes no more connections")
struct CrowdedServerTests {
    private func agent(epoch: UInt64, primary: HostID) -> Agent {
        let open = ServerObservation(life: .up, access: .writing, isSourceSideOn: false)
        let snapshot = StoreSnapshot(
            state: StateRecord(epoch: epoch, primary: primary, standing: .alone), stateRevision: 8,
            leader: LeaderRecord(host: primary, epoch: epoch))
        var agent = Agent(Agent.primary)
        agent.read(snapshot, open)
        agent.finish(ServerObservation(life: .crowded))
        agent.now += 600
        agent.read(snapshot, ServerObservation(life: .crowded))
        return agent
    }

    @Test("It is ended where it was deposed and still lets clients in: nobody can close it")
    func deposed() {
        #expect(agent(epoch: 2, primary: Agent.partner).lastCommand()?.command == .killServer)
    }

    @Test("It is left alone where it is the primary")
    func primary() {
        #expect(agent(epoch: 1, primary: Agent.primary).lastCommand()?.command != .killServer)
    }
}

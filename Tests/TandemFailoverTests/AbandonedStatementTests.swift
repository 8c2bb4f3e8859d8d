import TandemFailover
import Testing

@Suite("A statement that was given up")
struct AbandonedStatementTests {
    private func snapshot(_ standing: StateRecord.Standing, revision: UInt64) -> StoreSnapshot {
        StoreSnapshot(
            state: StateRecord(epoch: 1, primary: Agent.primary, standing: standing), stateRevision: revision,
            leader: LeaderRecord(host: Agent.primary, epoch: 1))
    }

    @Test("A host does not say that it is silent while a statement that makes it acknowledge may still take effect")
    func mayStillAcknowledge() {
        var following = ServerObservation(
            life: .up, access: .reading, isSourceSideOn: false, receiver: .off, source: Agent.primary,
            attachedEpoch: 1, isApplierOn: true, isCloseBehind: true)
        var agent = Agent(Agent.partner)
        agent.read(snapshot(.joining(Agent.partner), revision: 8), following)
        agent.finish(following)
        #expect(agent.lastCommand()?.command == .setReplicaSide(true))
        agent.now += 5_100
        agent.handle(.tick(following))
        #expect(agent.lastCommand()?.command == .killServer, "a statement that hangs is ended with its server")

        agent.now += 600
        agent.read(snapshot(.alone, revision: 9), following)
        #expect(!agent.machine.status.willNotAcknowledge, "the server still runs, and the statement in it")
        let kill = agent.lastCommand()?.id
        agent.finish(following, .failed)
        #expect(agent.lastCommand()?.command == .killServer && agent.lastCommand()?.id != kill, "it is killed again")
        #expect(!agent.machine.status.willNotAcknowledge)

        following.bootCount = 1
        agent.finish(following)
        #expect(agent.machine.status.willNotAcknowledge, "a server that started anew knows nothing of the statement")
    }
}

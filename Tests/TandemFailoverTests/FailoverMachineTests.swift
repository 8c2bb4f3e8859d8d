import TandemFailover
import Testing

@Suite("What an agent decides")
struct FailoverMachineTests {
    private let pair = StoreSnapshot(
        state: StateRecord(epoch: 1, primary: Agent.primary, standing: .paired(Agent.partner)), stateRevision: 7,
        leader: LeaderRecord(host: Agent.primary, epoch: 1))
    private let alone = StoreSnapshot(
        state: StateRecord(epoch: 1, primary: Agent.primary, standing: .alone), stateRevision: 7,
        leader: LeaderRecord(host: Agent.primary, epoch: 1))
    private let following = ServerObservation(
        life: .up, access: .reading, isSourceSideOn: false, isReplicaSideOn: true, receiver: .connected,
        receiverAcknowledges: true, source: Agent.primary, attachedEpoch: 1, isApplierOn: true, isCloseBehind: true)

    /// A partner that lost its primary: nothing arrives, the witness does not hear it either.
    private func suspiciousPartner() -> Agent {
        var agent = Agent(Agent.partner)
        agent.read(pair, following)
        agent.finish(following)
        agent.now = 10_000
        agent.handle(.heard(Agent.witness, PeerStatus(epoch: 1, stateRevision: 7, holdsData: false)))
        agent.read(pair, following)
        return agent
    }

    @Test("A new agent ends its predecessor's statements before it does anything else to the server")
    func endsOldSessions() {
        var agent = Agent(Agent.primary)
        agent.read(alone, ServerObservation(life: .up))
        #expect(agent.lastCommand()?.command == .killSessions)
        agent.read(alone, ServerObservation(life: .up))
        #expect(agent.log.filter { if case .server = $0 { true } else { false } }.count == 1)
    }

    @Test("A new agent starts no receiver before it has read etcd")
    func readsFirst() {
        var agent = Agent(Agent.partner)
        var server = following
        server.receiver = .off
        agent.handle(.tick(server))
        agent.finish(server)
        for _ in 0..<4 {
            agent.now += 500
            agent.handle(.tick(server))
        }
        #expect(agent.lastCommand()?.command == .killSessions)
        agent.read(pair, server)
        #expect(agent.lastCommand()?.command == .startReceiver(from: Agent.primary, epoch: 1))
    }

    @Test("A partner sees its receiver off before it asks for the lead")
    func sealsFirst() {
        var agent = suspiciousPartner()
        #expect(agent.lastCommand()?.command == .stopReceiver)
        #expect(agent.lastWrite() == nil)
        var sealed = following
        sealed.receiver = .off
        sealed.receiverAcknowledges = false
        agent.finish(sealed)
        #expect(
            agent.lastWrite()?.transaction.record == StateRecord(epoch: 2, primary: Agent.partner, standing: .alone))
        #expect(agent.lastWrite()?.transaction.expectedRevision == 7)
    }

    @Test("After an unknown outcome the partner stays sealed and asks the same again, until it knows")
    func repeatsUnknown() throws {
        var agent = suspiciousPartner()
        var sealed = following
        sealed.receiver = .off
        sealed.receiverAcknowledges = false
        agent.finish(sealed)
        let first = try #require(agent.lastWrite())
        agent.handle(.storeAnswered(id: first.id, .unknown))
        // The primary is back, and a read shows that nothing changed: neither proves that the first copy is lost.
        agent.now += 500
        agent.handle(
            .heard(Agent.primary, PeerStatus(epoch: 1, stateRevision: 7, serverAnswers: true, takesCommits: true)))
        agent.read(pair, sealed)
        let second = try #require(agent.lastWrite())
        #expect(second.id != first.id && second.transaction == first.transaction)
        #expect(agent.lastCommand()?.command == .stopReceiver)
        agent.handle(.storeAnswered(id: second.id, .refused))
        // A read that was under way before this does not count, the next one does.
        agent.read(pair, sealed)
        agent.read(pair, sealed)
        #expect(agent.lastCommand()?.command == .startReceiver(from: Agent.primary, epoch: 1))
    }

    @Test("A sole owner acknowledges alone only after it has moved the revision itself")
    func claimsFirst() throws {
        var agent = Agent(Agent.primary)
        let closed = ServerObservation(life: .up, admitted: HostSet(Agent.partner))
        agent.read(alone, closed)
        agent.finish(closed)
        let claim = try #require(agent.lastWrite())
        #expect(claim.transaction.purpose == .claim && claim.transaction.record == alone.state)
        #expect(agent.lastCommand()?.command == .killSessions)
        agent.handle(.storeAnswered(id: claim.id, .written(revision: 8)))
        #expect(agent.lastCommand()?.command == .setSourceSide(false))
    }

    @Test("A primary whose partner does not acknowledge changes etcd before its server")
    func shrinksStoreFirst() throws {
        var agent = Agent(Agent.primary)
        let open = ServerObservation(life: .up, access: .writing, admitted: HostSet(Agent.partner))
        agent.read(pair, open)
        agent.finish(open)
        let claim = try #require(agent.lastWrite())
        agent.handle(.storeAnswered(id: claim.id, .written(revision: 8)))
        var claimed = pair
        claimed.stateRevision = 8
        for _ in 0..<8 where agent.lastWrite()?.transaction.purpose != .shrink {
            agent.now += 500
            agent.handle(.heard(Agent.witness, PeerStatus(holdsData: false, hears: HostSet(Agent.primary))))
            agent.read(claimed, open)
        }
        let shrink = try #require(agent.lastWrite())
        #expect(shrink.transaction.purpose == .shrink && shrink.transaction.record.standing == .alone)
        #expect(agent.lastCommand()?.command == .killSessions)
        agent.handle(.storeAnswered(id: shrink.id, .written(revision: 9)))
        #expect(agent.lastCommand()?.command == .setSourceSide(false))
    }

    @Test("A primary that boots in a pair opens, for its heartbeat only, after it has moved the revision")
    func opensPairAfterClaim() throws {
        var agent = Agent(Agent.primary)
        let closed = ServerObservation(life: .up, admitted: HostSet(Agent.partner))
        agent.read(pair, closed)
        agent.finish(closed)
        let claim = try #require(agent.lastWrite())
        #expect(claim.transaction.purpose == .claim)
        #expect(agent.lastCommand()?.command == .killSessions)
        agent.handle(.storeAnswered(id: claim.id, .written(revision: 8)))
        #expect(agent.lastCommand()?.command == .setAccess(.guarded))
    }

    /// Follows a primary that is alone: it does not acknowledge.
    private let silent = ServerObservation(
        life: .up, access: .reading, isSourceSideOn: false, receiver: .connected, source: Agent.primary,
        attachedEpoch: 1, isApplierOn: true, isCloseBehind: true)

    /// `state` as `alone` has it, the primary's lease gone, and an operator's confirmation at this revision.
    private func forced(at revision: UInt64) -> StoreSnapshot {
        var snapshot = alone
        snapshot.leader = nil
        snapshot.intent = SwitchoverIntent(
            id: 9, to: Agent.partner, pauseBudget: 3_000, forcedAtRevision: revision)
        return snapshot
    }

    @Test(
        "A forced change of primary waits for signs of life, seals, and compares the revision of the operator's confirmation"
    )
    func forces() throws {
        var agent = Agent(Agent.partner)
        agent.read(forced(at: 7), silent)
        agent.finish(silent)
        agent.now = 1_000
        agent.read(forced(at: 7), silent)
        #expect(agent.lastCommand()?.command == .killSessions && agent.lastWrite() == nil)
        agent.now = 3_000
        agent.read(forced(at: 7), silent)
        #expect(agent.lastCommand()?.command == .stopReceiver && agent.lastWrite() == nil)
        var sealed = silent
        sealed.receiver = .off
        agent.finish(sealed)
        let write = try #require(agent.lastWrite()).transaction
        #expect(write.purpose == .force && write.expectedRevision == 7 && write.endsIntent == 9)
        #expect(write.record == StateRecord(epoch: 2, primary: Agent.partner, standing: .alone))
        #expect(write.history?.cause == .forced)
    }

    @Test("An operator's confirmation is void once `state` has moved, and while the primary is heard")
    func keepsToTheRevision() {
        var late = Agent(Agent.partner)
        var hearing = Agent(Agent.partner)
        late.read(forced(at: 6), silent)
        late.finish(silent)
        hearing.read(forced(at: 7), silent)
        hearing.finish(silent)
        for _ in 0..<20 {
            late.now += 500
            late.read(forced(at: 6), silent)
            hearing.now += 500
            hearing.handle(.heard(Agent.primary, PeerStatus(epoch: 1, stateRevision: 7, serverAnswers: true)))
            hearing.read(forced(at: 7), silent)
        }
        for agent in [late, hearing] {
            #expect(agent.lastWrite() == nil)
            #expect(!agent.log.contains { if case .server(_, .stopReceiver) = $0 { true } else { false } })
        }
    }

    @Test("Keys of another stack are neither followed nor written, and readiness says so")
    func ignoresForeignStacks() {
        var agent = Agent(Agent.partner, cluster: 5)
        var foreign = pair
        foreign.cluster = 6
        agent.read(foreign, following)
        agent.finish(following)
        agent.now = 600
        agent.read(foreign, following)
        #expect(agent.machine.readiness.blockers == [.otherStack])
        #expect(agent.machine.knownRecord == nil && agent.lastWrite() == nil)
        var own = pair
        own.cluster = 5
        agent.now = 1_200
        agent.read(own, following)
        #expect(agent.machine.readiness.isReady)
    }

    @Test("Who remembers a stack does not found another when etcd has none")
    func foundsOnce() {
        let fresh = ServerObservation(life: .up, isFresh: true)
        var newcomer = Agent(Agent.primary)
        newcomer.read(StoreSnapshot(), fresh)
        newcomer.finish(fresh)
        #expect(newcomer.lastWrite() == nil, "the other host may have the stack's data")
        #expect(newcomer.machine.readiness.blockers == [.unheard(Agent.partner), .noState])
        var late = newcomer
        late.handle(.heard(Agent.partner, PeerStatus(serverAnswers: true)))
        late.handle(.tick(fresh))
        #expect(late.lastWrite() == nil, "it has")
        newcomer.handle(.heard(Agent.partner, PeerStatus(isFresh: true, serverAnswers: true)))
        newcomer.handle(.tick(fresh))
        #expect(newcomer.lastWrite()?.transaction.purpose == .found)
        #expect(newcomer.lastWrite()?.transaction.founds != nil)
        var returning = Agent(Agent.primary, cluster: 5)
        returning.read(StoreSnapshot(), fresh)
        returning.finish(fresh)
        #expect(returning.lastWrite() == nil)
        #expect(returning.machine.readiness.blockers == [.stateLost])
    }

    @Test("A primary that cannot know whether it has paired closes like one that has, when etcd stays away")
    func fencesUndecided() throws {
        var agent = Agent(Agent.primary)
        let open = ServerObservation(life: .up, access: .writing, admitted: HostSet(Agent.partner))
        var joining = alone
        joining.state?.standing = .joining(Agent.partner)
        agent.handle(.heard(Agent.partner, PeerStatus(epoch: 1, stateRevision: 8, acknowledges: true)))
        agent.read(joining, open)
        agent.finish(open)
        agent.handle(.storeAnswered(id: try #require(agent.lastWrite()).id, .written(revision: 8)))
        agent.commitHeartbeat()
        let first = try #require(agent.lastWrite())
        #expect(first.transaction.purpose == .pair)
        agent.handle(.storeAnswered(id: first.id, .unknown))
        agent.now = 500
        agent.handle(.tick(open))
        let second = try #require(agent.lastWrite())
        #expect(second.id != first.id && second.transaction == first.transaction)
        // Refused, as the first copy took place. From here on nothing answers.
        agent.handle(.storeAnswered(id: second.id, .refused))
        #expect(agent.machine.mayBePaired)
        for _ in 0..<12 {
            agent.now += 500
            agent.handle(.tick(open))
        }
        #expect(agent.lastCommand()?.command == .setAccess(.closed))
    }

    @Test("A statement that does not answer is ended with its server, never left to take effect later")
    func killsHangingStatements() {
        var agent = Agent(Agent.partner)
        var server = following
        server.isSourceSideOn = true
        agent.read(pair, server)
        agent.finish(server)
        #expect(agent.lastCommand()?.command == .setSourceSide(false))
        agent.now += Timing().commandPatience + 1
        agent.handle(.tick(server))
        #expect(agent.lastCommand()?.command == .killServer)
    }

    @Test("A look that arrives after a later one is ignored")
    func ignoresOldLooks() {
        var agent = Agent(Agent.partner)
        var server = following
        server.order = 10
        agent.read(pair, server)
        agent.finish(server)
        agent.handle(.tick(ServerObservation(life: .down, order: 5)))
        #expect(agent.lastCommand()?.command == .killSessions)
        agent.handle(.tick(ServerObservation(life: .down, order: 11)))
        #expect(agent.lastCommand()?.command == .startServer)
    }

    @Test("An agent can say what keeps a failover from working")
    func saysWhatBlocks() {
        var agent = Agent(Agent.partner)
        #expect(agent.machine.readiness.blockers == [.storeUnknown])
        agent.read(alone, following)
        #expect(agent.machine.readiness.blockers == [.noPartner])
        agent.now += 600
        var later = pair
        later.stateRevision = 8
        agent.read(later, following)
        #expect(agent.machine.readiness.isReady)
    }

    @Test("The same state, event and time give the same state and actions")
    func isPure() {
        let agent = suspiciousPartner()
        let one = FailoverMachine.reduce(agent.machine, .tick(following), at: 11_000)
        let two = FailoverMachine.reduce(agent.machine, .tick(following), at: 11_000)
        #expect(one.0 == two.0 && one.1 == two.1)
    }
}

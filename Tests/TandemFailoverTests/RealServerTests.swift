import Testing

@testable import TandemFailover

/// Where MySQL and etcd do not do what one would like: each was seen on real ones.
@Suite("What an agent makes of real servers")
struct RealServerTests {
    private let pair = StoreSnapshot(
        state: StateRecord(epoch: 1, primary: Agent.primary, standing: .paired(Agent.partner)), stateRevision: 7,
        leader: LeaderRecord(host: Agent.primary, epoch: 1))
    private let alone = StoreSnapshot(
        state: StateRecord(epoch: 1, primary: Agent.primary, standing: .alone), stateRevision: 7,
        leader: LeaderRecord(host: Agent.primary, epoch: 1))
    private let open = ServerObservation(life: .up, access: .writing, admitted: HostSet(Agent.partner))

    /// The primary of a pair, claimed, its server open.
    private func primary(_ snapshot: StoreSnapshot, _ server: ServerObservation) throws -> Agent {
        var agent = Agent(Agent.primary)
        agent.read(snapshot, server)
        agent.finish(server)
        let claim = try #require(agent.lastWrite())
        agent.handle(.storeAnswered(id: claim.id, .written(revision: 8)))
        return agent
    }

    private func claimed(_ snapshot: StoreSnapshot) -> StoreSnapshot {
        var snapshot = snapshot
        snapshot.stateRevision = 8
        return snapshot
    }

    @Test("A heartbeat that failed is not waited for, and proves nothing")
    func failedHeartbeat() throws {
        var agent = try primary(pair, open)
        let first = try #require(agent.lastHeartbeat())
        agent.handle(.heartbeatFailed(id: first))
        #expect(!agent.machine.isProven)
        agent.now += 500
        agent.handle(.tick(open))
        #expect(try #require(agent.lastHeartbeat()) != first)
    }

    @Test(
        "Heartbeats that fail behind a commit that waits are the partner's fault, others are not",
        arguments: [true, false])
    func whoseFault(waits: Bool) throws {
        var server = open
        server.hasWaitingCommits = waits
        var agent = try primary(pair, server)
        for _ in 0..<10 {
            if let id = agent.lastHeartbeat() { agent.handle(.heartbeatFailed(id: id)) }
            agent.now += 300
            agent.handle(.heard(Agent.witness, PeerStatus(holdsData: false, hears: HostSet(Agent.primary))))
            agent.read(claimed(pair), server)
        }
        #expect((agent.lastWrite()?.transaction.purpose == .shrink) == waits)
    }

    @Test(
        "A server that takes no more connections is not killed, one that does not answer is", arguments: [true, false])
    func crowded(isCrowded: Bool) throws {
        var agent = try primary(pair, open)
        for _ in 0..<10 {
            agent.now += 500
            agent.handle(.tick(ServerObservation(life: isCrowded ? .crowded : .unresponsive)))
        }
        #expect(agent.log.contains { if case .server(_, .killServer) = $0 { true } else { false } } == !isCrowded)
        #expect(agent.machine.status.serverAnswers == isCrowded)
    }

    @Test("A primary whose own server hangs does not blame its partner, who could take over", arguments: [true, false])
    func ownServerHangs(answers: Bool) throws {
        var server = open
        server.hasWaitingCommits = true
        var agent = try primary(pair, server)
        agent.handle(.tick(server))
        for _ in 0..<14 {
            agent.now += 100
            agent.handle(.heard(Agent.witness, PeerStatus(holdsData: false, hears: HostSet(Agent.primary))))
            if let id = agent.lastRefresh() { agent.handle(.storeAnswered(id: id, .read(claimed(pair)))) }
            if answers { agent.handle(.tick(server)) }
        }
        #expect((agent.lastWrite()?.transaction.purpose == .shrink) == answers)
    }

    @Test(
        "A primary whose disk is full ends its server for a partner that can take over, and blames none",
        arguments: [true, false])
    func fullDisk(canTakeOver: Bool) throws {
        var server = open
        server.noted = WaitingPair(acknowledger: Agent.partner, epoch: 1)
        var agent = try primary(pair, server)
        agent.commitHeartbeat()
        agent.finish(server)
        server.isDiskFull = true
        server.hasWaitingCommits = true
        for _ in 0..<14 {
            agent.now += 100
            agent.handle(.heard(Agent.witness, PeerStatus(holdsData: false, hears: HostSet(Agent.primary))))
            agent.handle(.heard(Agent.partner, PeerStatus(serverAnswers: canTakeOver)))
            agent.read(claimed(pair), server)
        }
        #expect((agent.lastCommand()?.command == .killServer) == canTakeOver)
        #expect((agent.lastWrite()?.transaction.purpose == .shrink) == !canTakeOver)
        guard canTakeOver else { return }
        // It stays down: a start would commit what waits, and find no more room.
        server.life = .down
        agent.finish(server)
        for _ in 0..<50 {
            agent.now += 100
            agent.handle(.heard(Agent.partner, PeerStatus(serverAnswers: true)))
            agent.read(claimed(pair), server)
        }
        #expect(agent.lastCommand()?.command == .killServer)
        server.isDiskFull = false
        agent.handle(.tick(server))
        #expect(agent.lastCommand()?.command == .startServer)
    }

    @Test("A host acknowledges only after it has applied what it received before, with its receiver stopped")
    func appliesBeforeAcknowledging() throws {
        let joining = StoreSnapshot(
            state: StateRecord(epoch: 1, primary: Agent.primary, standing: .joining(Agent.partner)), stateRevision: 8,
            leader: LeaderRecord(host: Agent.primary, epoch: 1))
        var seen = ServerObservation(
            life: .up, access: .reading, isSourceSideOn: false, receiver: .connected, source: Agent.primary,
            attachedEpoch: 1, isApplierOn: true, hasAppliedAll: false, isCloseBehind: true)
        var agent = Agent(Agent.partner)
        agent.read(joining, seen)
        agent.finish(seen)
        #expect(agent.lastCommand()?.command == .stopReceiver)
        seen.receiver = .off
        agent.finish(seen)
        #expect(agent.lastCommand()?.command == .stopReceiver)
        seen.hasAppliedAll = true
        agent.handle(.tick(seen))
        #expect(agent.lastCommand()?.command == .setReplicaSide(true))
        seen.isReplicaSideOn = true
        agent.finish(seen)
        #expect(agent.lastCommand()?.command == .startReceiver(from: Agent.primary, epoch: 1))
    }

    /// When commits began to wait for a candidate that never gets there, in 40 seconds.
    private func attempts(whileCandidate isReceiving: Bool) throws -> [Milliseconds] {
        var server = open
        server.isSourceSideOn = false
        var agent = try primary(alone, server)
        var snapshot = claimed(alone)
        var attempts: [Milliseconds] = []
        for _ in 0..<800 {
            agent.now += 50
            var status = PeerStatus(epoch: 1, stateRevision: snapshot.stateRevision, followsClosely: true)
            status.acknowledges = snapshot.state?.acknowledger != nil && (isReceiving || !server.isSourceSideOn)
            agent.handle(.heard(Agent.partner, status))
            if !server.isSourceSideOn { agent.commitHeartbeat() }
            agent.read(snapshot, server)
            if let write = agent.lastWrite(), write.transaction.expectedRevision == snapshot.stateRevision {
                #expect(write.transaction.purpose != .pair)
                snapshot.stateRevision += 1
                snapshot.state = write.transaction.record
                agent.handle(.storeAnswered(id: write.id, .written(revision: snapshot.stateRevision)))
            }
            if case .setSourceSide(let isOn)? = agent.lastCommand()?.command, isOn != server.isSourceSideOn {
                server.isSourceSideOn = isOn
                if isOn { attempts.append(agent.now) }
                agent.finish(server)
            }
        }
        return attempts
    }

    @Test("A candidate that receives what it lacks only while commits wait is asked again at once, and not without end")
    func catchingUp() throws {
        let patient = try attempts(whileCandidate: false)
        #expect(zip(patient, patient.dropFirst()).allSatisfy { $1 - $0 > 2_000 })
        let eager = try attempts(whileCandidate: true)
        let pauses = zip(eager, eager.dropFirst()).map { $1 - $0 }
        let quick = pauses.split { $0 > 5_000 }.map(\.count)
        #expect(quick.count > 2 && quick.dropLast().allSatisfy { $0 == Pairing.mostCatchUps }, "\(pauses)")
    }

    @Test("An intent put over the last one is a new one, and only the one that was seen is deleted")
    func intents() throws {
        var server = open
        server.order = 1
        var agent = try primary(pair, server)
        var asked = claimed(pair)
        // For a host that is not the partner, nor can become it: given up after its patience.
        asked.intent = SwitchoverIntent(id: 20, to: HostID(2), pauseBudget: 1_000)
        for _ in 0..<10 {
            agent.now += 1_000
            agent.commitHeartbeat()
            agent.read(asked, server)
        }
        asked.intent?.id = 30
        for _ in 0..<10 {
            agent.now += 1_000
            agent.commitHeartbeat()
            agent.read(asked, server)
            #expect(agent.lastWrite()?.transaction.purpose != .endSwitchover)
        }
        for _ in 0..<10 {
            agent.now += 1_000
            agent.commitHeartbeat()
            agent.read(asked, server)
        }
        let ending = try #require(agent.lastWrite()).transaction
        #expect(ending.purpose == .endSwitchover && ending.endsIntent == 30)
    }

    @Test("A transaction without an answer is preceded by a renewal of the lease when it is asked again")
    func renewsLease() throws {
        var agent = Agent(Agent.primary)
        agent.read(alone, open)
        agent.finish(open)
        let claim = try #require(agent.lastWrite())
        let refresh = try #require(agent.lastRefresh())
        agent.now += 10
        agent.handle(.storeAnswered(id: claim.id, .unknown))
        #expect(try #require(agent.lastRefresh()) != refresh)
        agent.now += 300
        agent.handle(.tick(open))
        let again = try #require(agent.lastWrite())
        #expect(again.id != claim.id && again.transaction == claim.transaction)
    }

    @Test("State that names an unknown host is not followed, and readiness says so")
    func unreadable() throws {
        var agent = Agent(Agent.partner)
        let seen = ServerObservation(life: .up)
        agent.handle(.tick(seen))
        agent.handle(.storeAnswered(id: try #require(agent.lastRefresh()), .unreadable))
        agent.finish(seen)
        #expect(agent.machine.readiness.blockers == [.stateUnreadable])
        #expect(agent.lastCommand()?.command == .killSessions && agent.lastWrite() == nil)
        agent.now += 600
        agent.read(pair, seen)
        #expect(!agent.machine.readiness.blockers.contains(.stateUnreadable))
    }

    @Test("etcd without the state that it had is reported, and nothing is founded over it")
    func stateMissing() throws {
        var agent = try primary(alone, open)
        agent.now += 600
        agent.read(StoreSnapshot(), open)
        #expect(agent.machine.readiness.blockers.contains(.stateLost))
        #expect(agent.lastWrite()?.transaction.purpose == .claim)
    }

    private let tail = GTIDSet([.init(source: 1, first: 8, last: 9)])

    /// A deposed primary, down, with two transactions in its binary log that the new primary lacks.
    private func deposed(_ note: WaitingNote?, epoch: UInt64) throws -> ServerCommand? {
        var agent = Agent(Agent.primary)
        let down = ServerObservation(life: .down)
        agent.read(
            StoreSnapshot(state: StateRecord(epoch: epoch, primary: Agent.partner, standing: .alone), stateRevision: 9),
            down)
        #expect(agent.lastCommand()?.command == .inspect)
        let all = GTIDSet([.init(source: 1, first: 1, last: 9)])
        agent.finish(down, .inspected(Inventory(received: all, logged: all, note: note)))
        let ids = agent.log.compactMap { if case .ask(_, let question) = $0 { question } else { nil } }
        let theirs = PrimaryInventory(
            epoch: epoch, executed: GTIDSet([.init(source: 1, first: 1, last: 7)]), purged: .empty)
        agent.handle(.answered(Agent.partner, question: try #require(ids.last), theirs))
        #expect(agent.lastCommand()?.command == .export(tail))
        agent.finish(down)
        return agent.lastCommand()?.command
    }

    @Test("Only with a note that its commits waited for the very host that was promoted is a server's binary log cut")
    func cutsWithNote() throws {
        let executed = GTIDSet([.init(source: 1, first: 1, last: 5)])
        let note = WaitingNote(pair: .init(acknowledger: Agent.partner, epoch: 1), executed: executed)
        #expect(try deposed(note, epoch: 2) == .cut(tail))
        #expect(try deposed(nil, epoch: 2) == .clone(from: Agent.partner))
        // Promoted by force an epoch later: that it lacks these does not say that nobody acknowledged them.
        #expect(try deposed(note, epoch: 3) == .clone(from: Agent.partner))
        let other = WaitingNote(pair: .init(acknowledger: HostID(2), epoch: 1), executed: executed)
        #expect(try deposed(other, epoch: 2) == .clone(from: Agent.partner))
        // Committed before the note was written.
        let late = WaitingNote(
            pair: .init(acknowledger: Agent.partner, epoch: 1), executed: GTIDSet([.init(source: 1, first: 1, last: 8)])
        )
        #expect(try deposed(late, epoch: 2) == .clone(from: Agent.partner))
    }

    @Test("A stack is adopted alone, in an epoch that no host has known, where etcd has no state")
    func adopts() {
        let step = StateTransaction.adopting(dataOf: Agent.primary, highestEpoch: 6, cluster: 5)
        #expect(step.record == StateRecord(epoch: 7, primary: Agent.primary, standing: .alone))
        #expect(step.expectedRevision == 0 && step.founds == 5 && step.history?.cause == .adopted && !step.takesLeader)
    }

    @Test("New times are taken over by the agent that runs; other hosts need a new agent")
    func settings() {
        var agent = Agent(Agent.primary)
        var new = agent.machine.configuration
        new.timing.heartbeatInterval = 5_000
        #expect(agent.machine.configuration.canContinue(as: new))
        agent.machine.adopt(new)
        #expect(agent.machine.configuration.timing.heartbeatInterval == 5_000)
        new.dataHosts.insert(HostID(5))
        new.timing.heartbeatInterval = 6_000
        #expect(!agent.machine.configuration.canContinue(as: new))
        agent.machine.adopt(new)
        #expect(agent.machine.configuration.timing.heartbeatInterval == 5_000)
    }
}

import TandemFailover

@testable import TandemCoordination
@testable import TandemSimulation

/// The simulator's store and a real one, given the same requests.
struct SideBySide {
    enum Kind: Hashable { case written, refused, unknown }

    private var random: SeededRandom
    private var simulated = SimulatedStore()
    private let client: EtcdClient
    private let keys: StackKeys
    private let makeStore: () -> StackStore
    private var agents: [StackStore]
    private var incarnations: [UInt32]
    /// Revisions of the simulator, and what they are in etcd. Both count other things too.
    private var revisions: [UInt64: UInt64] = [0: 0]
    private(set) var counts: [Kind: Int] = [:]

    init(seed: UInt64, client: EtcdClient, keys: StackKeys, makeStore: @escaping () -> StackStore) {
        random = SeededRandom(seed: seed)
        self.client = client
        self.keys = keys
        self.makeStore = makeStore
        agents = (0..<3).map { _ in makeStore() }
        incarnations = [0, 0, 0]
    }

    /// Does something to both.
    /// - Returns: what.
    mutating func step() async throws -> String {
        let host = random.below(3)
        switch random.below(20) {
        case 0..<5: return await refresh(host)
        case 5..<14: return await write(host)
        case 14, 15: return try await order()
        case 16:
            simulated.isPaused.toggle()
            guard case .answered = try await agents[host].setPaused(simulated.isPaused) else {
                return "pause: no answer"
            }
            return "pause"
        case 17:
            // The agent is a new one, and its predecessor's lease goes on for a while.
            agents[host] = makeStore()
            incarnations[host] += 1
            return "agent \(host) begins anew"
        case 18:
            simulated.expireAllLeases()
            return try await revokeAll()
        default:
            guard random.onceIn(4) else { return await refresh(host) }
            simulated.loseKeys()
            _ = try await revokeAll()
            _ = await client.transact(StoreTransaction(then: [.delete(.prefix(StoreKey(keys.prefix)))]))
            return "all keys are lost"
        }
    }

    private mutating func revokeAll() async throws -> String {
        for lease in try await client.leases().value ?? [] { _ = try await client.revoke(lease) }
        return "all leases run out"
    }

    private mutating func refresh(_ host: Int) async -> String {
        let expected = simulated.refresh(host: host, incarnation: incarnations[host], at: 0)
        let answer = await agents[host].answer(.refresh)
        if answer != .read(inEtcd(expected)) { mismatch = "the simulator reads \(expected), etcd \(answer)" }
        return "refresh of \(host)"
    }

    private mutating func write(_ host: Int) async -> String {
        let transaction = draw()
        var real = transaction
        real.expectedRevision = revisions[transaction.expectedRevision] ?? 1_000_000
        real.endsIntent = transaction.endsIntent.map { revisions[$0] ?? 1_000_000 }
        let expected = simulated.write(transaction, host: host, incarnation: incarnations[host], at: 0)
        // An agent that has no lease at all does not even ask.
        let answer = await agents[host].answer(.write(real))
        switch (expected, answer) {
        case (.written(let revision), .written(let inEtcd)):
            revisions[revision] = inEtcd
            counts[.written, default: 0] += 1
        case (.refused, .refused): counts[.refused, default: 0] += 1
        case (.leaseLost, .unknown),
            (.refused, .unknown) where transaction.takesLeader:
            counts[.unknown, default: 0] += 1
        default: mismatch = "the simulator says \(expected), etcd \(answer)"
        }
        return "\(transaction) of \(host)"
    }

    private var mismatch: String?

    private mutating func draw() -> StateTransaction {
        let primary = HostID(random.below(2))
        let other = HostID(1 - Int(primary.index))
        let standing: StateRecord.Standing = [.alone, .joining(other), .paired(other)][random.below(3)]
        let epoch = UInt64(1 + random.below(5))
        let known = Array(revisions.keys).sorted()
        let revision = random.onceIn(3) ? known[random.below(known.count)] : simulated.stateRevision
        let intent = simulated.intent?.id
        return StateTransaction(
            purpose: revision == 0 ? .found : .claim, expectedRevision: revision,
            record: StateRecord(epoch: epoch, primary: primary, standing: standing), takesLeader: random.onceIn(3),
            endsIntent: random.onceIn(2) ? nil : random.onceIn(3) ? known[random.below(known.count)] : intent,
            history: random.onceIn(3)
                ? HistoryRecord(epoch: epoch, primary: primary, previous: other, cause: .forced) : nil,
            founds: revision == 0 ? UInt64(1 + random.below(1000)) : nil)
    }

    private mutating func order() async throws -> String {
        let to = HostID(random.below(2))
        simulated.revision += 1
        let id = simulated.revision
        var intent = SwitchoverIntent(
            id: id, to: to, pauseBudget: 1000, forcedAtRevision: random.onceIn(2) ? 7 : nil)
        simulated.intent = intent
        intent.id = 0
        guard case .answered(let answer) = try await agents[0].order(intent) else { return "order: no answer" }
        revisions[id] = UInt64(answer.header.revision)
        return "order \(id)"
    }

    /// With etcd's numbers in place of the simulator's.
    private func inEtcd(_ snapshot: StoreSnapshot) -> StoreSnapshot {
        var snapshot = snapshot
        snapshot.stateRevision = revisions[snapshot.stateRevision] ?? .max
        if let id = snapshot.intent?.id { snapshot.intent?.id = revisions[id] ?? .max }
        return snapshot
    }

    /// What is different, if anything.
    func difference() async throws -> String? {
        if let mismatch { return mismatch }
        let expected = inEtcd(
            StoreSnapshot(
                state: simulated.record, stateRevision: simulated.stateRevision, leader: simulated.leader,
                intent: simulated.intent, isPaused: simulated.isPaused, cluster: simulated.cluster))
        guard case .read(let found) = await agents[0].read() else { return "etcd does not answer" }
        return found == expected ? nil : "the simulator has \(expected), etcd \(found)"
    }
}

import TandemFailover

/// etcd, as its clients see it: one linearizable register file while a majority of voters and a leader are there.
struct SimulatedStore: Sendable {
    var record: StateRecord?
    var stateRevision: UInt64 = 0
    var revision: UInt64 = 1
    var leader: LeaderRecord?
    /// The number of the lease that `leader` is under.
    var leaderLease: UInt64?
    /// Those that have not run out. An agent's lease outlives it for a while.
    private var leases: [Lease] = []
    private var lastLease: UInt64 = 0
    var intent: SwitchoverIntent?
    var isPaused = false
    var cluster: ClusterID?
    var history: [HistoryRecord] = []

    /// The voter that leads, none during an election or without a majority.
    var voter: Int?
    var electionRound: UInt32 = 0
    /// Hosts that can reach the voter that leads, through whichever voter.
    var reachableFrom = HostSet()

    struct Lease: Sendable, Equatable {
        var number: UInt64
        var host: Int
        var incarnation: UInt32
        var deadline: Int64
    }

    static let leaseTime: Int64 = 4_000_000
    /// etcd looks for expired leases twice a second.
    static let expiryTick: Int64 = 500_000

    mutating func expireLeases(at time: Int64) {
        guard leases.contains(where: { time > $0.deadline + Self.expiryTick }) else { return }
        leases.removeAll { time > $0.deadline + Self.expiryTick }
        forgetLeader()
    }

    mutating func expireAllLeases() {
        leases.removeAll()
        forgetLeader()
    }

    private mutating func forgetLeader() {
        guard let number = leaderLease, !leases.contains(where: { $0.number == number }) else { return }
        leaderLease = nil
        leader = nil
    }

    var leaderLeaseHolder: Lease? { leases.first { $0.number == leaderLease } }

    /// A new leader of etcd gives every lease its whole time again.
    mutating func renewLeases(at time: Int64) {
        for index in leases.indices { leases[index].deadline = time + Self.leaseTime }
    }

    private func lease(of host: Int, _ incarnation: UInt32) -> Int? {
        leases.firstIndex { $0.host == host && $0.incarnation == incarnation }
    }

    func hasLease(_ host: Int, _ incarnation: UInt32) -> Bool { lease(of: host, incarnation) != nil }

    /// Renews the agent's lease, or grants a new one; then a linearizable read.
    mutating func refresh(host: Int, incarnation: UInt32, at time: Int64) -> StoreSnapshot {
        expireLeases(at: time)
        if let index = lease(of: host, incarnation) {
            leases[index].deadline = time + Self.leaseTime
        } else {
            lastLease += 1
            leases.append(
                Lease(number: lastLease, host: host, incarnation: incarnation, deadline: time + Self.leaseTime))
        }
        return StoreSnapshot(
            state: record, stateRevision: stateRevision, leader: leader, intent: intent, isPaused: isPaused,
            cluster: cluster)
    }

    enum Outcome: Equatable {
        case written(revision: UInt64)
        case refused
        /// An error, and nothing took place.
        case leaseLost
    }

    mutating func write(
        _ transaction: StateTransaction, host: Int, incarnation: UInt32, endsAnyIntent: Bool = false, at time: Int64
    ) -> Outcome {
        expireLeases(at: time)
        guard transaction.expectedRevision == stateRevision else { return .refused }
        if transaction.takesLeader {
            guard let index = lease(of: host, incarnation) else { return .leaseLost }
            leaderLease = leases[index].number
            leader = LeaderRecord(host: transaction.record.primary, epoch: transaction.record.epoch)
        }
        revision += 1
        stateRevision = revision
        record = transaction.record
        if let ended = transaction.endsIntent, intent?.id == ended || endsAnyIntent { intent = nil }
        if let founded = transaction.founds { cluster = founded }
        if let entry = transaction.history { history.append(entry) }
        return .written(revision: revision)
    }

    /// All keys are gone, as from a restored or an emptied disk. Only revisions go on, to keep stories readable.
    mutating func loseKeys() {
        record = nil
        stateRevision = 0
        leader = nil
        leaderLease = nil
        leases.removeAll()
        intent = nil
        isPaused = false
        cluster = nil
    }
}

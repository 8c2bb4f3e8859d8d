import TandemFailover

/// etcd, as its clients see it: one linearizable register file while a majority of voters and a leader are there.
struct SimulatedStore: Sendable {
    var record: StateRecord?
    var stateRevision: UInt64 = 0
    var revision: UInt64 = 1
    var leader: LeaderRecord?
    var leaderLease: Lease?
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
        var host: Int
        var incarnation: UInt32
        var deadline: Int64
    }

    static let leaseTime: Int64 = 4_000_000
    /// etcd looks for expired leases twice a second.
    static let expiryTick: Int64 = 500_000

    mutating func expireLease(at time: Int64) {
        guard let lease = leaderLease, time > lease.deadline + Self.expiryTick else { return }
        leaderLease = nil
        leader = nil
    }

    /// A keepalive, then a linearizable read.
    mutating func refresh(host: Int, incarnation: UInt32, at time: Int64) -> StoreSnapshot {
        expireLease(at: time)
        if let lease = leaderLease, lease.host == host, lease.incarnation == incarnation {
            leaderLease?.deadline = time + Self.leaseTime
        }
        return StoreSnapshot(
            state: record, stateRevision: stateRevision, leader: leader, intent: intent, isPaused: isPaused,
            cluster: cluster)
    }

    /// The transaction's new revision, nil if its comparison failed.
    mutating func write(_ transaction: StateTransaction, host: Int, incarnation: UInt32, at time: Int64) -> UInt64? {
        expireLease(at: time)
        guard transaction.expectedRevision == stateRevision else { return nil }
        revision += 1
        stateRevision = revision
        record = transaction.record
        if transaction.takesLeader {
            leader = LeaderRecord(host: transaction.record.primary, epoch: transaction.record.epoch)
            leaderLease = Lease(host: host, incarnation: incarnation, deadline: time + Self.leaseTime)
        }
        if transaction.endsIntent { intent = nil }
        if let founded = transaction.founds { cluster = founded }
        if let entry = transaction.history { history.append(entry) }
        return revision
    }
}

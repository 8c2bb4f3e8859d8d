/// The key `state`: who leads. It has no lease, and every write of it compares the revision that was read.
public struct StateRecord: Hashable, Sendable {
    /// Raised by one with every change of primary.
    public var epoch: UInt64
    public var primary: HostID
    public var standing: Standing

    public init(epoch: UInt64, primary: HostID, standing: Standing) {
        self.epoch = epoch
        self.primary = primary
        self.standing = standing
    }

    /// Who may take over from the primary, or is on the way to it.
    public enum Standing: Hashable, Sendable {
        /// The primary acknowledges alone. Nobody can be promoted.
        case alone
        /// The primary is making this host its partner: it may switch its acknowledging side on, and no other host may.
        /// It cannot be promoted yet.
        case joining(HostID)
        /// Whatever the primary acknowledges, this host has on disk. It alone can be promoted.
        case paired(HostID)
    }

    /// The host that may be promoted.
    @inlinable public var partner: HostID? {
        if case .paired(let host) = standing { host } else { nil }
    }

    /// The only host whose acknowledgements count, or are about to.
    @inlinable public var acknowledger: HostID? {
        switch standing {
        case .alone: nil
        case .joining(let host), .paired(let host): host
        }
    }
}

/// The key `leader`, under a lease: a sign of life, never the authority.
public struct LeaderRecord: Hashable, Sendable, Codable {
    public var host: HostID
    public var epoch: UInt64

    public init(host: HostID, epoch: UInt64) {
        self.host = host
        self.epoch = epoch
    }
}

/// The key `intent`: a change of primary that an operator asked for.
public struct SwitchoverIntent: Hashable, Sendable {
    /// Its modification revision, which tells one intent from the next also where it was written over. Not part of the
    /// value.
    public var id: UInt64
    public var to: HostID
    /// How long writes may pause, counted by the primary from the moment it closes.
    public var pauseBudget: Milliseconds
    /// `failover --force`: the operator's word that, with `state` at this revision, the primary's server does not run,
    /// or is closed. Void as soon as `state` has moved, as it does before a primary that came back acknowledges
    /// anything; what is left is a switchover. nil for a plain one.
    public var forcedAtRevision: UInt64?

    public init(id: UInt64, to: HostID, pauseBudget: Milliseconds, forcedAtRevision: UInt64? = nil) {
        self.id = id
        self.to = to
        self.pauseBudget = pauseBudget
        self.forcedAtRevision = forcedAtRevision
    }
}

/// The key `init`: drawn at random when a stack is founded, so that two stacks cannot be mixed up.
public typealias ClusterID = UInt64

/// The key `history/EPOCH`, written together with the epoch. The agent adds the time and the sets of transactions.
public struct HistoryRecord: Hashable, Sendable, Codable {
    public enum Cause: Hashable, Sendable {
        case founded
        /// By an operator, from the data of a stack that was not in etcd, or no longer.
        case adopted
        case takenOver(TakeoverReason)
        /// By an operator, who accepted the loss of what only the old primary had.
        case forced
    }

    public var epoch: UInt64
    public var primary: HostID
    /// nil for the first.
    public var previous: HostID?
    public var cause: Cause

    public init(epoch: UInt64, primary: HostID, previous: HostID?, cause: Cause) {
        self.epoch = epoch
        self.primary = primary
        self.previous = previous
        self.cause = cause
    }
}

/// All of the stack's keys, from one linearizable read.
public struct StoreSnapshot: Hashable, Sendable {
    /// Absent before the stack's first start.
    public var state: StateRecord?
    /// The modification revision of `state`, 0 when absent.
    public var stateRevision: UInt64
    public var leader: LeaderRecord?
    public var intent: SwitchoverIntent?
    public var isPaused: Bool
    /// `init`. Absent before the stack's first start.
    public var cluster: ClusterID?

    public init(
        state: StateRecord? = nil, stateRevision: UInt64 = 0, leader: LeaderRecord? = nil,
        intent: SwitchoverIntent? = nil, isPaused: Bool = false, cluster: ClusterID? = nil
    ) {
        self.cluster = cluster
        self.state = state
        self.stateRevision = stateRevision
        self.leader = leader
        self.intent = intent
        self.isPaused = isPaused
    }
}

/// One transaction: if `state` still has `expectedRevision`, put `record`, and with it all that follows.
public struct StateTransaction: Hashable, Sendable {
    public enum Purpose: UInt8, Hashable, Sendable {
        case found, adopt, claim, shrink, propose, pair, promote, endSwitchover, force
    }

    public var purpose: Purpose
    /// 0: `state` must not exist, nor `init`.
    public var expectedRevision: UInt64
    public var record: StateRecord
    /// Also put `leader` under this host's lease. With that lease lost etcd answers an error, and nothing takes place:
    /// the answer is `unknown`, the lease is renewed, and the same is asked again. The lease that held it before is
    /// revoked afterwards, as a courtesy.
    public var takesLeader: Bool
    /// Also delete `intent`, if it still is the one with this id: a comparison inside the transaction, which takes
    /// place whether the intent is still that one or not.
    public var endsIntent: UInt64?
    /// Also put `history/EPOCH`: where the epoch rises.
    public var history: HistoryRecord?
    /// Also create `init`: at the stack's first start.
    public var founds: ClusterID?

    public init(
        purpose: Purpose, expectedRevision: UInt64, record: StateRecord, takesLeader: Bool = false,
        endsIntent: UInt64? = nil, history: HistoryRecord? = nil, founds: ClusterID? = nil
    ) {
        self.history = history
        self.founds = founds
        self.purpose = purpose
        self.expectedRevision = expectedRevision
        self.record = record
        self.takesLeader = takesLeader
        self.endsIntent = endsIntent
    }
}

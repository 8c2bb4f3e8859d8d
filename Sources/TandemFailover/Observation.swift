/// What the agent sees of its own database server, in one SELECT. Its parts need not be of the same moment: the reducer
/// takes any part to be as old as the look's beginning, or as new as its end.
public struct ServerObservation: Hashable, Sendable {
    public enum Life: UInt8, Hashable, Sendable {
        case down, booting, unresponsive
        /// It answered that it takes no more connections (error 1040): it runs, and nothing else is known of it.
        case crowded
        case up
    }

    /// Whom the server lets in, by `offline_mode` and `super_read_only`.
    public enum Access: UInt8, Hashable, Sendable {
        /// Nobody but agents and replication, and nobody may write. How every server boots.
        case closed
        /// Sessions may read.
        case reading
        /// Only the agent may write: how a primary proves its pair before it opens.
        case guarded
        /// Sessions may write.
        case writing

        public var allowsCommits: Bool { self == .guarded || self == .writing }
    }

    public enum Receiver: UInt8, Hashable, Sendable {
        /// SERVICE_STATE OFF: nothing can be received, so nothing acknowledged.
        case off
        case connecting
        case connected
        /// Stopped by itself: the source no longer has what it would need.
        case refused

        var isRunning: Bool { self == .connecting || self == .connected }
    }

    public var life: Life
    public var access: Access
    /// `rpl_semi_sync_source_enabled`: commits wait for an acknowledgement.
    public var isSourceSideOn: Bool
    /// `rpl_semi_sync_replica_enabled`.
    public var isReplicaSideOn: Bool
    public var receiver: Receiver
    /// The receiver's present connection was made with the replica side on, so that it acknowledges.
    public var receiverAcknowledges: Bool
    /// The configured source, and the epoch for which the agent configured it (kept beside the data).
    public var source: HostID?
    public var attachedEpoch: UInt64
    public var isApplierOn: Bool
    /// Nothing received is still waiting to be applied.
    public var hasAppliedAll: Bool
    /// Its lag is small enough for commits to wait for it.
    public var isCloseBehind: Bool
    /// What it commits is on disk before it is answered, and so is all that it has committed before.
    public var isDurable: Bool
    /// The machine ended while that was not so: what the logs have and what the tables have need not be the same, and
    /// nothing tells.
    public var isTorn = false
    /// Received transactions and heartbeat rows; moves whenever something arrives.
    public var receivedCount: UInt64
    /// The configured source answers a query of ours.
    public var sourceAnswers: Bool
    /// A session is in `Waiting for semi-sync ACK from replica`. Of several that wait only the first shows it.
    public var hasWaitingCommits: Bool
    /// The hosts that may connect as replicas, by their accounts' locks.
    public var admitted: HostSet
    /// What `prepareDatabase` creates is there.
    public var isPrepared: Bool
    /// What the waiting note says, where there is one that was written in this boot.
    public var noted: WaitingPair?
    /// A data directory that was never written to and never joined.
    public var isFresh: Bool
    /// The disk that its data lies on has no room: what writes there may wait for some without end.
    public var isDiskFull = false
    /// Changes with every start of the server.
    public var bootCount: UInt32
    /// Looks are numbered when they begin: one that arrives after a later one, as a frozen agent may find it, is
    /// ignored.
    public var order: UInt64

    public init(
        life: Life, access: Access = .closed, isSourceSideOn: Bool = true, isReplicaSideOn: Bool = false,
        receiver: Receiver = .off, receiverAcknowledges: Bool = false, source: HostID? = nil, attachedEpoch: UInt64 = 0,
        isApplierOn: Bool = false, hasAppliedAll: Bool = true, isCloseBehind: Bool = false,
        isDurable: Bool = true,
        receivedCount: UInt64 = 0, sourceAnswers: Bool = false,
        hasWaitingCommits: Bool = false, admitted: HostSet = HostSet(), isPrepared: Bool = true,
        noted: WaitingPair? = nil, isFresh: Bool = false, bootCount: UInt32 = 0,
        order: UInt64 = 0
    ) {
        self.life = life
        self.access = access
        self.isSourceSideOn = isSourceSideOn
        self.isReplicaSideOn = isReplicaSideOn
        self.receiver = receiver
        self.receiverAcknowledges = receiverAcknowledges
        self.source = source
        self.attachedEpoch = attachedEpoch
        self.isApplierOn = isApplierOn
        self.hasAppliedAll = hasAppliedAll
        self.isCloseBehind = isCloseBehind
        self.isDurable = isDurable
        self.receivedCount = receivedCount
        self.sourceAnswers = sourceAnswers
        self.hasWaitingCommits = hasWaitingCommits
        self.isPrepared = isPrepared
        self.noted = noted
        self.admitted = admitted
        self.isFresh = isFresh
        self.bootCount = bootCount
        self.order = order
    }
}

/// What the agent sees of its own database server, all read at about the same moment.
public struct ServerObservation: Hashable, Sendable {
    public enum Life: UInt8, Hashable, Sendable {
        case down, booting, unresponsive, up
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
    /// Received transactions and heartbeat rows; moves whenever something arrives.
    public var receivedCount: UInt64
    /// The configured source answers a query of ours.
    public var sourceAnswers: Bool
    /// Sessions in `Waiting for semi-sync ACK from replica`.
    public var waitingCommits: UInt32
    /// The hosts that may connect as replicas, by their accounts' locks.
    public var admitted: HostSet
    /// A data directory that was never written to and never joined.
    public var isFresh: Bool
    /// Changes with every start of the server.
    public var bootCount: UInt32
    /// Later looks have higher numbers: one that arrives after a later one, as a frozen agent may find it, is ignored.
    public var order: UInt64

    public init(
        life: Life, access: Access = .closed, isSourceSideOn: Bool = true, isReplicaSideOn: Bool = false,
        receiver: Receiver = .off, receiverAcknowledges: Bool = false, source: HostID? = nil, attachedEpoch: UInt64 = 0,
        isApplierOn: Bool = false, hasAppliedAll: Bool = true, isCloseBehind: Bool = false,
        receivedCount: UInt64 = 0, sourceAnswers: Bool = false,
        waitingCommits: UInt32 = 0, admitted: HostSet = HostSet(), isFresh: Bool = false, bootCount: UInt32 = 0,
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
        self.receivedCount = receivedCount
        self.sourceAnswers = sourceAnswers
        self.waitingCommits = waitingCommits
        self.admitted = admitted
        self.isFresh = isFresh
        self.bootCount = bootCount
        self.order = order
    }
}

/// All transactions that a server's disk holds, by how far each has come. Each set contains the next.
public struct Inventory: Hashable, Sendable {
    /// In the binary log or received into the relay log.
    public var received: GTIDSet
    /// In the binary log: applied, committed, or prepared and waiting.
    public var logged: GTIDSet
    /// Committed in the storage engine: no cut of the binary log takes these back.
    public var committed: GTIDSet

    public init(received: GTIDSet, logged: GTIDSet, committed: GTIDSet) {
        self.received = received
        self.logged = logged
        self.committed = committed
    }
}

/// A primary's word on what it has, read after it committed a row that it began after it was asked.
public struct PrimaryInventory: Hashable, Sendable {
    public var epoch: UInt64
    public var executed: GTIDSet
    /// No longer in its binary logs (`gtid_purged`).
    public var purged: GTIDSet

    public init(epoch: UInt64, executed: GTIDSet, purged: GTIDSet) {
        self.epoch = epoch
        self.executed = executed
        self.purged = purged
    }
}

/// What agents tell each other, a few times a second and whenever it changes.
public struct PeerStatus: Hashable, Sendable {
    /// The newest `state` that the sender has read, 0 for none.
    public var epoch: UInt64
    public var stateRevision: UInt64
    public var holdsData: Bool
    public var isFresh: Bool
    /// Its server is up and answers.
    public var serverAnswers: Bool
    /// It is the primary and its server takes commits.
    public var takesCommits: Bool
    /// It follows the primary of `epoch`, close behind.
    public var followsClosely: Bool
    /// Its receiver is connected to the primary and acknowledges.
    public var acknowledges: Bool
    /// Neither acknowledges nor will, having read `stateRevision` without finding itself named.
    public var willNotAcknowledge: Bool
    /// It closed and drained for the switchover with this id, 0 for none.
    public var drainedForIntent: UInt64
    /// Whose agents it heard lately.
    public var hears: HostSet

    public init(
        epoch: UInt64 = 0, stateRevision: UInt64 = 0, holdsData: Bool = true, isFresh: Bool = false,
        serverAnswers: Bool = false, takesCommits: Bool = false, followsClosely: Bool = false,
        acknowledges: Bool = false, willNotAcknowledge: Bool = false, drainedForIntent: UInt64 = 0,
        hears: HostSet = HostSet()
    ) {
        self.epoch = epoch
        self.stateRevision = stateRevision
        self.holdsData = holdsData
        self.isFresh = isFresh
        self.serverAnswers = serverAnswers
        self.takesCommits = takesCommits
        self.followsClosely = followsClosely
        self.acknowledges = acknowledges
        self.willNotAcknowledge = willNotAcknowledge
        self.drainedForIntent = drainedForIntent
        self.hears = hears
    }
}

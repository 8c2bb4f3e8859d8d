/// How long the protocol waits for what, in milliseconds. No acknowledged write depends on any of these: a wrong one
/// costs a needless failover or a longer outage.
public struct Timing: Hashable, Sendable {
    public var refreshInterval: Milliseconds = 900
    /// A refresh or write unanswered for so long is tried again.
    public var storePatience: Milliseconds = 1_000
    /// The lease's time to live.
    public var leaseTime: Milliseconds = 4_000
    public var heartbeatInterval: Milliseconds = 400
    public var broadcastInterval: Milliseconds = 400
    /// A host unheard for so long is missing.
    public var hearingPatience: Milliseconds = 1_500
    /// Heartbeat rows that fail to arrive for so long are missing.
    public var heartbeatPatience: Milliseconds = 2_500
    /// An unacknowledged heartbeat this old shrinks the pair.
    public var shrinkPatience: Milliseconds = 900
    /// So much longer, if no third host says that it hears this one: the partner is then the better primary.
    public var shrinkDelay: Milliseconds = 3_000
    /// Neither sure nor acknowledged for so long: fence.
    public var fencePatience: Milliseconds = 4_000
    /// A partner that lost sight of everything promotes itself after this.
    public var lastResort: Milliseconds = 6_000
    /// How long a primary's server may go on without its agent.
    public var agentPatience: Milliseconds = 5_000
    /// How long the partner leaves the primary to come back by itself after this agent's own start.
    public var startGrace: Milliseconds = 3_000
    /// An unanswered statement is ended, with its server, after this.
    public var commandPatience: Milliseconds = 5_000
    /// For a clone, whose time grows with the data.
    public var clonePatience: Milliseconds = 3_600_000
    public var bootPatience: Milliseconds = 30_000
    /// An unresponsive server is killed after this.
    public var serverPatience: Milliseconds = 3_000
    /// How long the agent of a primary, while it hears neither other agents nor etcd, leaves a mysqld that has ended
    /// down.
    public var cutOffPatience: Milliseconds = 60_000
    public var growPatience: Milliseconds = 6_000
    public var growBackoff: Milliseconds = 2_000
    /// How long writes may wait for a candidate that acknowledges, and first receives what was written before they
    /// waited for it.
    public var joinPatience: Milliseconds = 3_000
    /// A follower that lags for so long catches up without having each commit on disk.
    public var lagPatience: Milliseconds = 2_000
    /// One that has caught up, and is not named, has them on disk again after this.
    public var durablePatience: Milliseconds = 10_000
    public var askPatience: Milliseconds = 3_000
    /// A switchover that could not begin is given up after this.
    public var intentPatience: Milliseconds = 15_000
    /// How long a forced change of primary waits for signs of life of the old one.
    public var forcePatience: Milliseconds = 2_000
    /// How long a host that is to be stopped waits for another one to take its place in the pair.
    public var holdPatience: Milliseconds = 15_000
    /// How long writes may pause when a primary that is to be stopped hands over.
    public var holdPauseBudget: Milliseconds = 3_000
    /// How long hosts without data of their own wait for the one before them to found the stack.
    public var foundingStagger: Milliseconds = 5_000

    public init() {}
}

public struct FailoverConfiguration: Hashable, Sendable {
    public var host: HostID
    /// Hosts with a database server, this one perhaps among them.
    public var dataHosts: HostSet
    /// All hosts whose agents talk to each other: data hosts and witnesses.
    public var members: HostSet
    public var timing: Timing
    /// `init` as this host remembers it, beside its data. nil: it was never in a stack.
    public var cluster: ClusterID?
    /// What `init` becomes if this host founds the stack: any number that no other stack has.
    public var newCluster: ClusterID
    /// The newest word on whether this host's server is to be stopped, as the host remembers it at the agent's start.
    public var hold: HoldOrder
    package var rules = Rules()

    public init(
        host: HostID, dataHosts: HostSet, members: HostSet, timing: Timing = Timing(), cluster: ClusterID? = nil,
        newCluster: ClusterID = 1, hold: HoldOrder = .none
    ) {
        self.hold = hold
        self.cluster = cluster
        self.newCluster = newCluster
        self.host = host
        self.dataHosts = dataHosts
        self.members = members.union(dataHosts)
        self.timing = timing
    }
}

extension FailoverConfiguration {
    /// Whether an agent that runs with these settings can go on with the new ones. Where the hosts themselves change,
    /// their numbers do, and a new agent begins; timing is taken over with `adopt(_:)`, and whatever else changes in a
    /// stack is none of the failover's business.
    public func canContinue(as new: FailoverConfiguration) -> Bool {
        host == new.host && dataHosts == new.dataHosts && members == new.members
    }
}

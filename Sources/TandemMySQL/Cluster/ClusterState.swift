import MySQLConnector

/// What the cluster's lock guards.
struct ClusterState: Sendable {
    enum Phase: Sendable { case idle, running, closed }

    var phase = Phase.idle
    var routing: RoutingState
    var readPools: [String: ServerPool] = [:]
    var writePool: ServerPool?
    /// For who would lead next. Logging in takes longer than all else that a planned change of primary waits for, and
    /// the first time longest: a server that knows the password from an earlier login need not derive it
    /// (`caching_sha2_password`).
    var heirPool: ServerPool?
    var counters: [String: MySQLClusterStatistics.Server] = [:]
    var heldReads = 0
    var heldWrites = 0
    var heldTotal = 0
    /// Whether a transaction asked for `exactlyOnce`, so that there are records to sweep.
    var keepsCommitRecords = false

    init(routing: RoutingState) { self.routing = routing }

    /// Follows the view with the pools for writes: the heir's becomes the primary's.
    /// - Parameter makePool: a new pool for a server.
    mutating func followPrimary(_ view: ClusterView, makePool: (ClusterView.Server) -> ServerPool) {
        let primary = view.primary.flatMap(view.server)
        let open = writePool?.client.statistics.open
        if let pool = writePool, !pool.leads(to: primary) {
            pool.stop(grace: MySQLCluster.writeGrace(view.server(pool.server)))
            writePool = nil
        }
        if writePool == nil, let pool = heirPool, pool.leads(to: primary) {
            // One that could not log in tries again only after a pause.
            if pool.client.statistics.open > 0 { writePool = pool } else { pool.stop() }
            heirPool = nil
        }
        if writePool == nil, let primary { writePool = makePool(primary) }
        followHeir(view, prepare: open, makePool: makePool)
    }

    /// - Parameter count: how many connections the primary has; nil: there is none.
    private mutating func followHeir(
        _ view: ClusterView, prepare count: Int?, makePool: (ClusterView.Server) -> ServerPool
    ) {
        let heir = view.heir.flatMap(view.server)
        if let pool = heirPool, !pool.leads(to: heir) {
            // While no server is known to lead, the heir's agent may be about to say that its server does.
            let mayLead = heir == nil && !view.takesWrites && pool.leads(to: view.server(pool.server))
            if !mayLead {
                pool.stop()
                heirPool = nil
            }
        }
        if heirPool == nil, let heir { heirPool = makePool(heir) }
        if view.changesSoon, let count { heirPool?.client.prepare(count) }
    }

    mutating func count(_ server: String, _ counter: WritableKeyPath<MySQLClusterStatistics.Server, Int>) {
        counters[server, default: .init()][keyPath: counter] += 1
    }
}

/// A cluster at one moment, and its counters since the start.
public struct MySQLClusterStatistics: Sendable, Hashable {
    public struct Server: Sendable, Hashable {
        /// Reads that it answered.
        public var readsTotal = 0
        /// Writes that it committed.
        public var writesTotal = 0
        /// Reads that failed there and went on elsewhere.
        public var failedReadsTotal = 0
        /// Times that a read waited for it to catch up with a write.
        public var gtidWaitsTotal = 0
        /// Those that took too long, so that the read went elsewhere.
        public var gtidTimeoutsTotal = 0
        public var readPool: MySQLPoolStatistics?
        public var writePool: MySQLPoolStatistics?
        /// Whether reads are sent there at the moment.
        public var servesReads = false
        /// How far it is behind; `nil` where it is not known.
        public var lagSeconds: Double?
    }

    /// By name.
    public var servers: [String: Server] = [:]
    public var epoch = 0
    /// Who leads; `nil` before that is known.
    public var primary: String?
    /// Whether the primary takes writes.
    public var takesWrites = false
    /// Reads and writes that wait for a server at the moment.
    public var held = 0
    public var heldTotal = 0
}

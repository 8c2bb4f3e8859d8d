import CoreMetrics
import MySQLConnector
import Synchronization

/// What the cluster tells swift-metrics. Handlers are made once for each server.
final class ClusterMetrics: Sendable {
    struct Handlers: Sendable {
        let reads: Counter
        let writes: Counter
        let failedReads: Counter
        let gtidWaits: CoreMetrics.Timer
        let gtidTimeouts: Counter

        init(server: String) {
            let labels = [("server", server)]
            reads = Counter(label: "mysql_cluster_reads", dimensions: labels)
            writes = Counter(label: "mysql_cluster_writes", dimensions: labels)
            failedReads = Counter(label: "mysql_cluster_failed_reads", dimensions: labels)
            gtidWaits = CoreMetrics.Timer(label: "mysql_cluster_gtid_wait", dimensions: labels)
            gtidTimeouts = Counter(label: "mysql_cluster_gtid_timeouts", dimensions: labels)
        }
    }

    private let handlers = BriefLock<[String: Handlers]>([:])
    let heldReads = CoreMetrics.Timer(label: "mysql_cluster_held", dimensions: [("kind", "read")])
    let heldWrites = CoreMetrics.Timer(label: "mysql_cluster_held", dimensions: [("kind", "write")])
    private let epoch = Gauge(label: "mysql_cluster_epoch")
    private let held = Gauge(label: "mysql_cluster_held_now")

    subscript(server: String) -> Handlers {
        handlers.withLock { handlers in
            if let known = handlers[server] { return known }
            let new = Handlers(server: server)
            handlers[server] = new
            return new
        }
    }

    /// The states that have no events of their own.
    func report(_ statistics: MySQLClusterStatistics) {
        epoch.record(statistics.epoch)
        held.record(statistics.held)
        for (name, server) in statistics.servers {
            if let lag = server.lagSeconds {
                Gauge(label: "mysql_cluster_lag_seconds", dimensions: [("server", name)]).record(lag)
            }
            for (pool, states) in [("read", server.readPool), ("write", server.writePool)] {
                guard let states else { continue }
                for (state, count) in [
                    ("idle", states.idle), ("leased", states.leased), ("connecting", states.connecting),
                    ("waiting", states.waiting),
                ] {
                    Gauge(
                        label: "mysql_cluster_pool",
                        dimensions: [("server", name), ("pool", pool), ("state", state)]
                    ).record(count)
                }
            }
        }
    }
}

extension CoreMetrics.Timer {
    func record(_ duration: Duration) { recordNanoseconds(Int64(clamping: Int(duration / .nanoseconds(1)))) }
}

import MySQLConnector
import TandemMySQL

/// The database servers and the connections to them, for Prometheus.
struct DatabaseMetrics {
    private typealias Server = MySQLClusterStatistics.Server

    private let statistics: MySQLClusterStatistics
    private let servers: [(name: String, server: Server)]
    private let pools: [(labels: String, pool: MySQLPoolStatistics)]

    init(_ statistics: MySQLClusterStatistics) {
        self.statistics = statistics
        let servers = statistics.servers.sorted { $0.key < $1.key }.map { (name: $0.key, server: $0.value) }
        self.servers = servers
        pools = servers.flatMap { name, server in
            [("read", server.readPool), ("write", server.writePool)].compactMap { purpose, pool in
                pool.map { ("pool=\"\(purpose)\",server=\"\(name)\"", $0) }
            }
        }
    }

    var exposition: String {
        server("reads_total", "counter", "Reads that a server answered.", \.readsTotal)
            + server("writes_total", "counter", "Writes that a server committed.", \.writesTotal)
            + server("failed_reads_total", "counter", "Reads that went on elsewhere.", \.failedReadsTotal)
            + server("gtid_waits_total", "counter", "Reads that waited for a write to arrive.", \.gtidWaitsTotal)
            + server("gtid_timeouts_total", "counter", "Such waits that took too long.", \.gtidTimeoutsTotal)
            + family(
                "held", "gauge", "Reads and writes that wait for a server.", [("", statistics.held)])
            + pool("connections_idle", "gauge", "Connections that nobody uses.", \.idle)
            + pool("connections_in_use", "gauge", "Connections lent to a task.", \.leased)
            + pool("connections_opening", "gauge", "Attempts to connect under way.", \.connecting)
            + pool("connections_max", "gauge", "The most connections that there may be.", \.maximum)
            + pool("tasks_waiting", "gauge", "Tasks that wait for a connection.", \.waiting)
            + pool("connections_opened_total", "counter", "Connections opened since the start.", \.openedTotal)
            + pool(
                "connect_failures_total", "counter", "Failed attempts to connect since the start.",
                \.connectFailuresTotal)
    }

    private func server(_ name: String, _ type: String, _ help: String, _ value: KeyPath<Server, Int>) -> String {
        family(name, type, help, servers.map { ("{server=\"\($0.name)\"}", $0.server[keyPath: value]) })
    }

    private func pool(
        _ name: String, _ type: String, _ help: String, _ value: KeyPath<MySQLPoolStatistics, Int>
    ) -> String {
        family("pool_\(name)", type, help, pools.map { ("{\($0.labels)}", $0.pool[keyPath: value]) })
    }

    private func family(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, Int)]) -> String {
        let full = "conduit_db_\(name)"
        let lines = samples.map { "\(full)\($0.labels) \($0.1)\n" }.joined()
        return "# HELP \(full) \(help)\n# TYPE \(full) \(type)\n\(lines)"
    }
}

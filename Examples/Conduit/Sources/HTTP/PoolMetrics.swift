import MySQLConnector

/// The connection pools, for Prometheus.
struct PoolMetrics {
    var pools: [(name: String, statistics: MySQLPoolStatistics)]

    var exposition: String {
        metric("connections_idle", "gauge", "Connections that nobody uses.", \.idle)
            + metric("connections_in_use", "gauge", "Connections lent to a task.", \.leased)
            + metric("connections_opening", "gauge", "Attempts to connect under way.", \.connecting)
            + metric("connections_max", "gauge", "The most connections that there may be.", \.maximum)
            + metric("tasks_waiting", "gauge", "Tasks that wait for a connection.", \.waiting)
            + metric("connections_opened_total", "counter", "Connections opened since the start.", \.openedTotal)
            + metric(
                "connect_failures_total", "counter", "Failed attempts to connect since the start.",
                \.connectFailuresTotal)
    }

    private func metric(_ name: String, _ type: String, _ help: String, _ value: KeyPath<MySQLPoolStatistics, Int>)
        -> String
    {
        let full = "conduit_db_pool_\(name)"
        let samples = pools.map { "\(full){pool=\"\($0.name)\"} \($0.statistics[keyPath: value])\n" }.joined()
        return "# HELP \(full) \(help)\n# TYPE \(full) \(type)\n\(samples)"
    }
}

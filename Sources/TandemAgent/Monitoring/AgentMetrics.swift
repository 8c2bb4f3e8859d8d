import TandemTopology

/// An agent's numbers in Prometheus' text format.
struct AgentMetrics {
    var status: HostStatus
    var topology: Topology

    var text: String {
        var lines = [
            "# HELP tandem_service_up Whether the service is running.",
            "# TYPE tandem_service_up gauge",
        ]
        for service in status.services {
            lines.append("tandem_service_up{service=\"\(service.name)\"} \(service.state == .running ? 1 : 0)")
        }
        lines += [
            "# HELP tandem_service_restarts_total Times that the service was started again after it ended by itself.",
            "# TYPE tandem_service_restarts_total counter",
        ]
        for service in status.services {
            lines.append("tandem_service_restarts_total{service=\"\(service.name)\"} \(service.restarts)")
        }
        lines += [
            "# HELP tandem_database_writable Whether the primary takes and acknowledges writes.",
            "# TYPE tandem_database_writable gauge",
            "tandem_database_writable \(topology.leader?.state == .open ? 1 : 0)",
            "# HELP tandem_database_epoch Rises by one with every change of primary.",
            "# TYPE tandem_database_epoch gauge",
            "tandem_database_epoch \(topology.epoch)",
        ]
        if let lag = status.database?.lagSeconds {
            lines += [
                "# HELP tandem_database_lag_seconds How far this host's replica is behind.",
                "# TYPE tandem_database_lag_seconds gauge",
                "tandem_database_lag_seconds \(lag)",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

import TandemStack
import TandemTopology

/// An agent's report for Prometheus: the figures of `/statistics` and `/status`, and of the host itself, under names of
/// their own. The rules for alerts (`AlertRules`) lean on these names.
struct AgentMetrics {
    var stack: Stack
    var host: Host
    var status: HostStatus
    var topology: Topology
    var statistics: HostStatistics
    var machine: MachineFigures
    var durations: DurationTotals?
    var probes: [FrontProbe.Outcome] = []
    /// How many files of unacknowledged transactions the agent has exported; nil where the host takes no part in the
    /// failover.
    var exports: Int?
    var jobs: [JobFigures] = []

    var text: String {
        var text = MetricsText()
        addServices(to: &text)
        addMachine(to: &text)
        addTraffic(to: &text)
        addDatabase(to: &text)
        addJobs(to: &text)
        text.add(
            "tandem_probe_success", .gauge,
            "Whether a request through the front was answered below 500, as a user sends it.",
            probes.map { (labels: [("address", $0.address)], value: $0.isAnswered ? 1 : 0) })
        text.add(
            "tandem_probe_duration_seconds", .gauge, "How long that request took.",
            probes.map { (labels: [("address", $0.address)], value: $0.seconds) })
        return text.text
    }

    private func addServices(to text: inout MetricsText) {
        func samples(_ value: (ServiceStatus) -> Double) -> [(labels: [(String, String)], value: Double)] {
            status.services.map { (labels: [("service", $0.name)], value: value($0)) }
        }
        text.add(
            "tandem_service_up", .gauge, "Whether the service is running.",
            // One that another host runs is missing here, and not down.
            status.services.filter { $0.state != .waiting }.map {
                (labels: [("service", $0.name)], value: $0.state == .running ? 1 : 0)
            })
        text.add(
            "tandem_service_restarts_total", .counter,
            "Times that the service was started again after it ended by itself.",
            samples { Double($0.restarts) })
        text.add(
            "tandem_service_cpu_seconds_total", .counter,
            "Processor time of the service's processes since they were started.",
            statistics.processes.map { (labels: [("service", $0.service)], value: $0.cpuSeconds) })
        text.add(
            "tandem_service_resident_memory_bytes", .gauge,
            "Memory of the service's processes; pages that they share count for each.",
            statistics.processes.map { (labels: [("service", $0.service)], value: Double($0.residentBytes)) })
    }

    private func addMachine(to text: inout MetricsText) {
        text.add("tandem_host_time_seconds", .gauge, "The host's clock, in seconds since 1970.", machine.time)
        text.add("tandem_host_load1", .gauge, "Load average over a minute.", machine.load)
        text.add("tandem_host_cpus", .gauge, "Processors that are there.", machine.processors)
        text.add("tandem_host_memory_total_bytes", .gauge, "Memory that the host has.", machine.memoryTotal)
        text.add(
            "tandem_host_memory_available_bytes", .gauge, "Memory that programs can still have.",
            machine.memoryAvailable)
        func disks(_ value: (MachineFigures.Disk) -> Double) -> [(labels: [(String, String)], value: Double)] {
            machine.disks.map { (labels: [("disk", $0.name)], value: value($0)) }
        }
        text.add(
            "tandem_host_disk_size_bytes", .gauge,
            "Size of the file system with the host's files, and of the one with its data where that is another.",
            disks(\.size))
        text.add("tandem_host_disk_available_bytes", .gauge, "What is free of it.", disks(\.available))
        text.add(
            "tandem_certificate_expiry_time_seconds", .gauge,
            "Until when a certificate is good, in seconds since 1970.",
            machine.certificates.map { (labels: [("certificate", $0.name)], value: $0.expiry) })
    }

    private func addTraffic(to text: inout MetricsText) {
        if let front = statistics.balancer?.first(where: { $0.section == "front" && $0.server == nil }) {
            text.add(
                "tandem_front_requests_total", .counter, "Requests that users sent to this balancer.",
                Double(front.requests))
            text.add("tandem_front_errors_total", .counter, "Of these, answers of 500 and above.", Double(front.errors))
            text.add(
                "tandem_front_connections", .gauge, "Connections of users that are open.", Double(front.connections))
            text.add(
                "tandem_front_connections_limit", .gauge, "How many may be.", Double(stack.balancer.maxConnections))
        }
        for (name, what, counters) in [
            ("balancer", "the balancer to web servers", statistics.balancer),
            ("router", "the database router to database servers", statistics.router),
        ] {
            let servers = (counters ?? []).compactMap { line in
                line.server.map { (line, [("section", line.section), ("server", $0)]) }
            }
            text.add(
                "tandem_\(name)_server_requests_total", .counter, "Requests, or sessions of the router, from \(what).",
                servers.map { (labels: $0.1, value: Double($0.0.requests)) })
            text.add(
                "tandem_\(name)_server_errors_total", .counter,
                "Answers of 500 and above, and connections that failed, from \(what).",
                servers.map { (labels: $0.1, value: Double($0.0.errors)) })
            text.add(
                "tandem_\(name)_server_connections", .gauge, "Open now, from \(what).",
                servers.map { (labels: $0.1, value: Double($0.0.connections)) })
        }
        if let durations {
            let family = "tandem_web_request_duration_seconds"
            text.add(
                family, .histogram, "How long requests took at this web server, from the first byte to the last.",
                durations.buckets.map { ("_bucket", [("le", $0.bound)], Double($0.count)) }
                    + [("_sum", [], durations.seconds), ("_count", [], Double(durations.count))])
        }
    }

    /// By the label `name`, since `job` is Prometheus' own.
    private func addJobs(to text: inout MetricsText) {
        func samples(_ value: (JobFigures) -> Double?) -> [(labels: [(String, String)], value: Double)] {
            jobs.compactMap { job in value(job).map { (labels: [("name", job.name)], value: $0) } }
        }
        text.add(
            "tandem_job_failed", .gauge,
            "Whether the job's last run, on whichever host, ended otherwise than with status 0, or was lost.",
            samples { $0.hasFailed ? 1 : 0 })
        text.add("tandem_job_running", .gauge, "Whether the job runs on some host.", samples { $0.isRunning ? 1 : 0 })
        text.add(
            "tandem_job_last_run_time_seconds", .gauge, "When its last run began, in seconds since 1970.",
            samples { $0.began.map(Double.init) })
        text.add(
            "tandem_job_overdue", .gauge, "Whether it was due, and nobody has run it.",
            samples { $0.isOverdue ? 1 : 0 })
    }

    private func addDatabase(to text: inout MetricsText) {
        text.add(
            "tandem_database_writable", .gauge,
            "Whether the primary takes and acknowledges writes, as far as this agent knows.",
            topology.leader?.state == .open ? 1 : 0)
        text.add("tandem_database_epoch", .gauge, "Rises by one with every change of primary.", Double(topology.epoch))
        if let member = status.database {
            let isOpen = member.role == .primary && member.state == .open
            text.add(
                "tandem_database_open", .gauge, "Whether this host's server is the primary and acknowledges writes.",
                isOpen ? 1 : 0)
            text.add(
                "tandem_database_paired", .gauge, "Whether it does, and a second server has each write before.",
                isOpen && member.partner != nil ? 1 : 0)
            text.add(
                "tandem_database_leads", .gauge, "Whether this host's server is the primary.",
                member.role == .primary ? 1 : 0)
            text.add(
                "tandem_database_streaming", .gauge, "Whether this host's server follows the primary.",
                member.state == .streaming ? 1 : 0)
        }
        text.add(
            "tandem_database_lag_seconds", .gauge, "How far this host's replica, where it is read from, is behind.",
            status.database.flatMap { $0.state == .starting ? nil : $0.lagSeconds })
        text.add(
            "tandem_database_exports", .gauge,
            "Files of transactions that nobody acknowledged, which somebody has to look at.",
            exports.map(Double.init))
        guard let database = statistics.database else { return }
        text.add(
            "tandem_database_statements_total", .counter, "Statements that clients sent.", Double(database.statements))
        text.add("tandem_database_connections", .gauge, "Connections that are open.", Double(database.connections))
        text.add(
            "tandem_database_connections_limit", .gauge, "How many may be: max_connections.",
            database.connectionsLimit.map(Double.init))
    }
}

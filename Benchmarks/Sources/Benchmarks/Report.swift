import Foundation

/// The machine that was measured on.
struct Machine {
    var description: String
    /// Whether others used it, so that rates and times are theirs as much as ours.
    var isBusy: Bool

    /// The load average of the last minute.
    static func load() -> Double {
        var averages = [0.0]
        return getloadavg(&averages, 1) == 1 ? averages[0] : 0
    }

    /// The builds that came before are still in the load average, which halves within a minute.
    static func waitUntilIdle() {
        let idle = Double(ProcessInfo.processInfo.activeProcessorCount) / 4
        for second in 0..<180 where load() > idle {
            if second == 0 { say("waiting for the load average to fall below \(idle), 3 minutes at most") }
            Thread.sleep(forTimeInterval: 1)
        }
    }

    /// - Parameter loadBefore: the load average before anything was measured, where it is known.
    static func current(versions: String, loadBefore: Double? = nil) throws -> Machine {
        let cpu = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).split(separator: "\n")
            .first { $0.hasPrefix("model name") }?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
        let memory = ProcessInfo.processInfo.physicalMemory >> 30
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let kernel = try Program.succeed(["uname", "-sr"]).trimmingCharacters(in: .newlines)
        return Machine(
            description:
                "\(cpu ?? "unknown processor"), \(cores) cores, \(memory) GB; \(kernel); \(versions). Load average "
                + (loadBefore.map { "before the run: \($0.rounded(1))" } ?? "at the end: \(load().rounded(1))"),
            isBusy: (loadBefore ?? 0) > Double(cores) / 2)
    }
}

/// The part of docs/benchmarks.md about the stack.
struct Report {
    var options: Options
    var machine: Machine
    var largeStack: LargeStack
    var lifecycle: Lifecycle
    var idle: Idle
    var requests: Requests

    func text() -> String {
        ([introduction] + Workload.allCases.map(table) + [times, agents]).joined(separator: "\n\n")
    }

    private static let warning = """
        - **The machine was busy with other work.** Processor time per request can be compared; rates and times cannot be relied on, \
        and those of starting and stopping are several times what they are on an idle machine.

        """

    private var introduction: String {
        """
        ## The stack

        Written by `bin/bench`, which measures everything again.

        - \(Date.now.formatted(.iso8601.year().month().day())). \(machine.description).
        - Load: wrk on the same machine, one thread, \(options.connections) connections that are kept. All contenders in turns, \
        in an order drawn anew for each of \(options.rounds) rounds of \(options.seconds) s each after one that warms up. Numbers are medians, in brackets the \
        least and the most.
        - Everything shares the machine's cores, the load too: compare within a table, and not with other machines.
        \(machine.isBusy ? Self.warning : "")
        ### Requests

        The whole chain: HTTPS → HAProxy ×2 → TLS → nginx ×2 → application ×2 → MySQL primary and replica. The application \
        is Conduit, the default stack's.

        **Written by hand** is the best that we could configure with the same four programs, the same number of workers (one \
        thread for each HAProxy and nginx, since all share the cores) and \
        the same certificates, without agents: once for speed alone, where a request that meets a dead server fails; and once with \
        what Tandem's files do for each request too, health checks, retries, ids in headers and logs, headers that clients may \
        not set. Like services, its programs have \
        sessions of their own, among which Linux shares the processor. Each application goes straight to the \
        primary for writes, and reads from that and its own host's server; in Tandem's stack it goes straight to the servers too, having \
        asked the agent where they are, and spreads its reads over both. It uses the database servers of \
        Tandem's stack, so that these are the same too. One variant for speed alone speaks plain HTTP between HAProxy and nginx, which \
        Tandem never does.

        Tandem asks Linux to schedule its services as SCHED_BATCH (sched(7)): one that wakes up does not interrupt the one that woke it. \
        That is no setting of these programs, and those that are configured by hand run as systemd and shells start them; one variant is \
        given the same policy, and shows what is left without that difference.
        """
    }

    private func table(_ workload: Workload) -> String {
        let results = requests.measurements[workload] ?? [:]
        let tiers = ["haproxy", "nginx", "app", "router", "MySQL"]
        var lines = [
            "#### \(workload.rawValue.capitalized): \(workload.explanation)", "",
            "| | requests/s | p50 ms | p99 ms | Tandem's rate to this | CPU µs per request: \(tiers.joined(separator: ", ")) |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        let own = (results[Requests.tandem] ?? []).map(\.requestsPerSecond)
        for name in requests.contenders {
            let all = results[name] ?? []
            let rates = all.map(\.requestsPerSecond)
            // Round by round: what disturbs a round disturbs all in it.
            let ratios = name == Requests.tandem ? "" : zip(own, rates).map { $0 / $1 }.summary(digits: 2)
            let cpu = tiers.map { tier in
                let values = all.compactMap { $0.cpuMicroseconds[tier] }
                return values.isEmpty ? "–" : values.median.rounded(0)
            }
            lines.append(
                "| \(name) | \(rates.summary(digits: 0)) | \(all.map(\.p50Milliseconds).summary(digits: 1)) | "
                    + "\(all.map(\.p99Milliseconds).summary(digits: 1)) | \(ratios) | \(cpu.joined(separator: ", ")) |")
        }
        return lines.joined(separator: "\n")
    }

    private var times: String {
        """
        ### Starting, stopping, reading the stack file

        | | seconds | target |
        | --- | --- | --- |
        | first `up --detach`, engines cached: two databases are made, copied and joined | \(lifecycle.firstUp.summary(digits: 1)) | 15 |
        | later `up --detach` | \(lifecycle.laterUp.summary(digits: 1)) | 8 |
        | `down` | \(lifecycle.down.summary(digits: 1)) | 10 |
        | `check` of 1,000 hosts | \(largeStack.check.summary(digits: 2)) | 1 |
        | `render --out` of 1,000 hosts | \(largeStack.render.summary(digits: 2)) | 1 |
        """
    }

    private var agents: String {
        let rows = idle.processes.map(\.row)
        return """
            ### At rest

            Over \(options.idleSeconds) s without requests. The target is less than 1 % of a core and 40 MB for an agent, less than 80 MB for an \
            etcd, and no more than 4 % of one core for all of them together. It depends on the machine more than other figures do: what waking \
            up costs in a virtual one differs by a factor of two and more.

            | | % of one core | resident MB |
            | --- | --- | --- |
            \(rows.joined(separator: "\n"))
            | all agents and etcds together | \(idle.decidingPercent.rounded(2)) | |
            """
    }
}

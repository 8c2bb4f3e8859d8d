import Foundation

/// The same faults under Patroni, with its defaults and with its shortest timings, beside runs of Tandem's own of the
/// same hour.
struct PatroniComparison {
    let options: FailoverOptions
    /// Of the folder with `python` (with psycopg), `patroni`, and where its servers may lie; its owner is who runs
    /// them.
    let place: PatroniPlace

    func run() throws {
        try FileManager.default.createDirectory(atPath: options.results, withIntermediateDirectories: true)
        let stack = try TandemStack(program: options.tandem, app: options.conduit, more: FailoverBenchmark.stackFile)
        defer { stack.remove() }
        let series = FailoverSeries(stack: stack, options: options)
        let etcd = try stack.engine("etcd")
        let haproxy = try stack.engine("haproxy")
        // Not both at the same time: they would share the processors.
        try stack.run("up", "--detach")
        try series.measure()
        try stack.run("down")
        let others = try ["defaults", "shortest"].map { timing in
            say("Patroni, \(timing)")
            return try place.measure(
                timing, etcd: etcd, haproxy: haproxy, faults: options.faults, runs: max(1, options.repeats))
        }
        let own = try FailoverFault.allCases.map { (fault: $0, runs: try series.runs($0)) }
        let report = PatroniReport(
            machine: try Machine.current(versions: stack.versions()), versions: try place.versions(), own: own,
            others: others)
        try Page.replace("patroni", with: report.text(), in: options.output)
        say("wrote \(options.output)")
    }
}

/// Where Patroni is, and how its servers are run.
struct PatroniPlace {
    var script: String
    var folder: String
    var postgres: String
    /// The account that Patroni's servers run as; nil: that of this program. PostgreSQL does not run as root.
    var user: String?

    /// - Parameters of the environment: `PATRONI_SCRIPT`, `PATRONI_FOLDER`, `PATRONI_POSTGRES`, `PATRONI_USER`;
    ///   `bin/bench` sets them.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        func value(_ name: String) throws -> String {
            guard let text = environment[name], !text.isEmpty else {
                throw UsageProblem("\(name) is not set; run: bin/bench patroni")
            }
            return text
        }
        script = try value("PATRONI_SCRIPT")
        folder = try value("PATRONI_FOLDER")
        postgres = try value("PATRONI_POSTGRES")
        user = environment["PATRONI_USER"].flatMap { $0.isEmpty ? nil : $0 }
    }

    private var prefix: [String] {
        guard let user else { return [] }
        return ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--"]
    }

    func measure(
        _ timing: String, etcd: String, haproxy: String, faults: [FailoverFault], runs: Int
    ) throws -> PatroniAnswer {
        let output = try Program.succeed(
            prefix + [
                "\(folder)/bin/python3", script, "--etcd", etcd, "--haproxy", haproxy, "--postgres", postgres,
                "--patroni", "\(folder)/bin/patroni", "--folder", "\(folder)/servers", "--timing", timing, "--runs",
                "\(runs)", "--faults", faults.map(\.rawValue).joined(separator: ","),
            ], folder: folder)
        return try JSONDecoder().decode(PatroniAnswer.self, from: Data(output.utf8))
    }

    func versions() throws -> String {
        let patroni = try Program.succeed(["\(folder)/bin/patroni", "--version"], folder: folder)
        let postgres = try Program.succeed(["\(postgres)/postgres", "--version"], folder: folder)
        return [patroni, postgres].map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.joined(separator: ", ")
    }
}

/// What `patroni_failover.py` says. Times in milliseconds.
struct PatroniAnswer: Decodable {
    struct Run: Decodable {
        var fault: FailoverFault
        var pause: Double
        var whole: Double
        var failed: Int
        var acknowledged: Int
        var lost: Int
    }

    var timing: String
    var runs: [Run]
}

struct PatroniReport {
    var machine: Machine
    var versions: String
    var own: [(fault: FailoverFault, runs: [FailoverRun])]
    var others: [PatroniAnswer]

    func text() -> String {
        """
        ## Beside Patroni

        Written by `bin/bench patroni`: \(own.map(\.runs.count).max() ?? 0) runs of each fault for each contender, one contender after the other, on one machine.

        - \(Date.now.formatted(.iso8601.year().month().day())). \(machine.description); \(versions).
        - Patroni: two PostgreSQL servers with `synchronous_mode`, one etcd, and HAProxy with the settings of Patroni's template in front; 8 clients, \
        \(FailoverSeries.writesPerSecond) one-row INSERTs a second together, which connect anew when they are cut off. No web servers, no TLS, no app: less to do on the same two \
        cores than Tandem's whole stack has. *Defaults*: `ttl` 30, `loop_wait` 10, `retry_timeout` 10, HAProxy's checks each 3 s. *Shortest*: 20, 1, 3 (the least that it takes), \
        checks each 0.5 s.
        - Different databases, different clients: it shows in which order of magnitude each is, no more. A failed write of Patroni's clients is one that a connection cut off or \
        refused, as any client without a library for it sees it.

        \(table)
        """
    }

    private var table: String {
        let columns = ["Tandem"] + others.map { "Patroni, \($0.timing)" }
        let rows = FailoverFault.allCases.compactMap { fault -> String? in
            guard let runs = own.first(where: { $0.fault == fault })?.runs, !runs.isEmpty else { return nil }
            let tandem = cell(
                runs.map(\.pause), failed: runs.map { $0.failedWrites + $0.unknownWrites }.reduce(0, +),
                lost: runs.map(\.lost).reduce(0, +))
            let patroni = others.map { answer in
                let runs = answer.runs.filter { $0.fault == fault }
                return cell(
                    runs.map(\.pause), failed: runs.map(\.failed).reduce(0, +), lost: runs.map(\.lost).reduce(0, +))
            }
            return "| \(fault.title) | \(([tandem] + patroni).joined(separator: " | ")) |"
        }
        return """
            | pause in acknowledged writes, median / worst in seconds; failed writes and lost ones in all runs | \(columns.joined(separator: " | ")) |
            | --- |\(String(repeating: " --- |", count: columns.count))
            \(rows.joined(separator: "\n"))
            """
    }

    private func cell(_ pauses: [Double], failed: Int, lost: Int) -> String {
        pauses.isEmpty ? "–" : "**\(FailoverReport.seconds(pauses))**; \(failed) failed, \(lost) lost"
    }
}

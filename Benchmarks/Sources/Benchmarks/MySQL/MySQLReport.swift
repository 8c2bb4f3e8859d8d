import Foundation

/// The part of docs/benchmarks.md about MySQL clients.
struct MySQLReport {
    var options: MySQLComparison.Options
    var contenders: [Contender]
    var results: [MySQLComparison.Setup: [String: [Contender.Result]]]
    var machine: Machine

    func text() -> String {
        ([introduction] + [Contender.Loop.select, .insert].map(table) + [streams, goals, profile]).joined(
            separator: "\n\n")
    }

    private var introduction: String {
        """
        ## MySQL clients

        Written by `bin/bench mysql`.

        - \(Date.now.formatted(.iso8601.year().month().day())). \(machine.description).
        - The same loop in each language, on one server and the same rows, over TCP on the same machine and without TLS. All in turns, \
        \(options.rounds) rounds of \(options.seconds) s after one that warms up. Numbers are medians, in brackets the least and the most; \
        ratios are taken round by round.
        - A pool of \(MySQLComparison.connections) connections; with C and mysqlclient a thread and a connection for each task, \
        \(MySQLComparison.connections) at most, so that nothing waits for a connection there: what they say at 64 tasks is 16. The Python \
        clients have no prepared statements and send text.
        - Processor time is the client's, user and system, divided by what it did. The server takes its share of the same cores: \
        compare within a table.
        """
    }

    private func table(_ loop: Contender.Loop) -> String {
        var lines = [
            "### \(loop == .select ? "Prepared SELECT of one row by its primary key" : "INSERT of one row")", "",
            "| tasks | client | per second | to Go's | CPU µs each | to Go's | to C's | p50 µs | p99 µs |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for setup in MySQLComparison.setups where setup.loop == loop {
            for contender in contenders {
                guard let own = results[setup]?[contender.name] else { continue }
                let hasLatency = contender.hasPool || setup.tasks <= MySQLComparison.connections
                lines.append(
                    "| \(setup.tasks) | \(contender.name) | \(own.map(\.perSecond).summary(digits: 0)) | "
                        + "\(ratio(setup, contender.name, Contender.go, \.perSecond)) | "
                        + "\(own.map(\.cpuMicroseconds).summary(digits: 1)) | "
                        + "\(ratio(setup, contender.name, Contender.go, \.cpuMicroseconds)) | "
                        + "\(ratio(setup, contender.name, Contender.c, \.cpuMicroseconds)) | "
                        + "\(hasLatency ? own.map(\.p50Microseconds).median.rounded(0) : "–") | "
                        + "\(hasLatency ? own.map(\.p99Microseconds).summary(digits: 0) : "–") |")
            }
        }
        return lines.joined(separator: "\n")
    }

    private var streams: String {
        let setup = MySQLComparison.Setup(loop: .stream, tasks: 1)
        var lines = [
            "### Streaming \(BenchServer.rows.formatted(.number.locale(Locale(identifier: "en")))) rows, each decoded",
            "",
            "| client | rows per second | to Go's | CPU µs a row | memory grows by MB |",
            "| --- | --- | --- | --- | --- |",
        ]
        for contender in contenders {
            guard let own = results[setup]?[contender.name] else { continue }
            lines.append(
                "| \(contender.name) | \(own.map(\.perSecond).summary(digits: 0)) | "
                    + "\(ratio(setup, contender.name, Contender.go, \.perSecond)) | "
                    + "\(own.map(\.cpuMicroseconds).summary(digits: 2)) | "
                    + "\(own.map(\.growthMegabytes).summary(digits: 1)) |")
        }
        return lines.joined(separator: "\n")
    }

    /// What was aimed at, and what came out.
    private var goals: String {
        let at64 = MySQLComparison.Setup(loop: .select, tasks: 64)
        let inserts = MySQLComparison.Setup(loop: .insert, tasks: 64)
        let stream = MySQLComparison.Setup(loop: .stream, tasks: 1)
        let (ours, go, c) = (Contender.ours, Contender.go, Contender.c)
        let growth = results[stream]?[ours]?.map(\.growthMegabytes).median.rounded(1) ?? "–"
        return """
            ### Against what was aimed at

            | | aim | SELECT | INSERT |
            | --- | --- | --- | --- |
            | throughput at 64 tasks, to Go's | 1 or more | \(ratio(at64, ours, go, \.perSecond)) | \(ratio(inserts, ours, go, \.perSecond)) |
            | p99 at 64 tasks, to Go's | below 1 | \(ratio(at64, ours, go, \.p99Microseconds)) | \(ratio(inserts, ours, go, \.p99Microseconds)) |
            | processor time at 64 tasks, to Go's | 1.25 at most | \(ratio(at64, ours, go, \.cpuMicroseconds)) | \(ratio(inserts, ours, go, \.cpuMicroseconds)) |
            | processor time at 64 tasks, to C's | 1.5 at most | \(ratio(at64, ours, c, \.cpuMicroseconds)) | \(ratio(inserts, ours, c, \.cpuMicroseconds)) |
            | `cluster.read` at 64 tasks: throughput, to `client.query` | 0.95 or more | \(ratio(at64, Contender.cluster, ours, \.perSecond)) | |
            | `cluster.read` at 64 tasks: processor time, to `client.query` | 1.05 at most | \(ratio(at64, Contender.cluster, ours, \.cpuMicroseconds)) | |
            | streaming: rows per second, to Go's | 1 or more | \(ratio(stream, ours, go, \.perSecond)) | |
            | streaming: growth of memory | 20 MB at most | \(growth) | |
            """
    }

    /// What a profile showed; not measured by this program.
    private var profile: String {
        """
        ### Where the time goes

        A profile (perf, 64 tasks, November 2026): two thirds of the client's processor time are the kernel's. Sending and receiving is most of \
        that, as in C. A quarter of it is waking: a statement goes to its connection's thread and its result back to its task, and both may sleep. What \
        is not the kernel's goes to Connector/C, the Swift runtime and memory management, in many small pieces. With more tasks than connections a \
        thread takes its next statement from the queue itself, and need not be woken, which is why 64 tasks cost less each than 16. What would go further \
        is one thread that waits for many sockets, with statements sent by the task itself; trials of that saved less than a tenth.

        Without TLS, as here, a connection waits for its answer in the read. Connector/C by itself, and so the loop in C, tries to read, polls, and reads again.

        The pool's lock yields instead of spinning: with `Mutex`, spinning and the kernel's queue for it took a SELECT at 64 tasks from 17 to 31 µs. A thread that \
        yields once before it parks made things worse under load.

        A stream changes threads once for each batch of up to 4,096 rows; its reader and the connection's thread take turns. A row takes each of them about the same, \
        most of it to make its text, to count who holds what, and to free it again. Looking up types at run time, for each value decoded and each text \
        checked, took as much as all of that together; so rows decode without.
        """
    }

    /// Median, least and most of the quotients of the rounds.
    private func ratio(
        _ setup: MySQLComparison.Setup, _ name: String, _ other: String, _ quantity: KeyPath<Contender.Result, Double>
    ) -> String {
        guard name != other, let own = results[setup]?[name], let theirs = results[setup]?[other] else { return "" }
        return zip(own, theirs).map { $0[keyPath: quantity] / $1[keyPath: quantity] }.summary(digits: 2)
    }
}

import Foundation

/// The part of docs/benchmarks.md about changes of primary.
struct FailoverReport {
    var machine: Machine
    var runs: [(fault: FailoverFault, runs: [FailoverRun])]
    /// The picture, from the page's folder; nil: there is none.
    var picture: String?

    func text() -> String {
        [introduction, pauses, felt, steps, drawing].compactMap(\.self).joined(separator: "\n\n")
    }

    private var loads: String {
        let all = runs.flatMap { $0.runs.map(\.load) }
        return "\((all.min() ?? 0).rounded(1)) to \((all.max() ?? 0).rounded(1)), median \(all.median.rounded(1))"
    }

    private var introduction: String {
        """
        ## Changes of primary

        Written by `bin/bench failover`, which measures everything again; it goes on where it was stopped.

        - \(Date.now.formatted(.iso8601.year().month().day())). \(machine.description). Load average of the last minute before the runs: \(loads). \
        Two cores for all hosts of the stack, the clients and whatever else ran: with a load above 2 everything waits for its turn.
        - The default stack, all its hosts on this machine. \(FailoverSeries.writers) clients write, each waiting for its answer, \
        \(FailoverSeries.writesPerSecond) writes a second together, and two read: over HTTPS, through HAProxy, nginx and the example app, which writes with `TandemMySQL`. \
        `tandem drill` breaks the stack, keeps the ledger, and asks the app afterwards what it has.
        - The pause is the longest time in which no write was acknowledged, from one acknowledgement to the next; whole again: all runs, and the pair is a pair.
        """
    }

    /// The median and the worst.
    static func seconds(_ milliseconds: [Double]) -> String {
        guard let worst = milliseconds.max() else { return "–" }
        return "\((milliseconds.median / 1000).rounded(2)) / \((worst / 1000).rounded(2))"
    }

    private var pauses: String {
        let rows = runs.map { fault, runs in
            "| \(fault.title) | \(runs.count) | **\(Self.seconds(runs.map(\.pause)))** | \(fault.target) | "
                + "\(Self.seconds(runs.compactMap(\.recovery))) |"
        }
        return """
            | median / worst, in seconds | times | pause in acknowledged writes | target | whole again |
            | --- | --- | --- | --- | --- |
            \(rows.joined(separator: "\n"))
            """
    }

    private var felt: String {
        let rows = runs.map { fault, runs in
            let failed = runs.map(\.failedWrites).reduce(0, +)
            let unknown = runs.map(\.unknownWrites).reduce(0, +)
            return
                "| \(fault.title) | \(runs.map(\.writes).reduce(0, +)) | \(failed) | \(unknown) | \(runs.map(\.failedReads).reduce(0, +)) | "
                + "\(runs.map(\.lost).reduce(0, +)) | \(runs.map(\.duplicated).reduce(0, +)) |"
        }
        return """
            | in all runs together | writes | failed | cut, outcome unknown | failed reads | acknowledged but lost | done twice |
            | --- | --- | --- | --- | --- | --- | --- |
            \(rows.joined(separator: "\n"))
            """
    }

    /// Where the time goes, by what the new primary's agent noted.
    private var steps: String {
        let rows = runs.filter(\.fault.changesPrimary).map { fault, runs -> String in
            func median(_ values: [Double?]) -> String {
                let known = values.compactMap(\.self)
                return known.isEmpty ? "–" : known.median.rounded(0)
            }
            func step(_ to: (FailoverRun) -> Double?, since from: (FailoverRun) -> Double?) -> String {
                median(runs.map { run in to(run).flatMap { to in from(run).map { max(0, to - $0) } } })
            }
            let cells = [
                median(runs.map(\.detected)), median(runs.map(\.sealed)), step(\.promoted, since: \.sealed),
                step(\.applied, since: \.promoted), step(\.opened, since: \.applied), median(runs.map(\.routed)),
            ]
            let causes = Dictionary(grouping: runs.compactMap(\.cause)) { $0 }.mapValues(\.count)
                .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { "\($0.key.replacing("_", with: " ")) \($0.value)" }
            return "| \(fault.title) | \(cells.joined(separator: " | ")) | \(causes.joined(separator: ", ")) |"
        }
        return """
            Where the time goes, medians in milliseconds (`tandem history`): until the partner suspected, or was asked; until its receiver was off; until etcd had \
            named it; until everything was applied; until it was open; until the first client was told of a write.

            | | detected | sealed | promoted | applied | opened | routed | as |
            | --- | --- | --- | --- | --- | --- | --- | --- |
            \(rows.joined(separator: "\n"))
            """
    }

    private var drawing: String? {
        picture.map {
            "One failover as clients felt it, each write a line from its beginning to its answer:\n\n![Writes around a failover](\($0))"
        }
    }
}

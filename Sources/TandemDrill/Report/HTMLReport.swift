/// A report for people: one file that needs no other, neither a script nor anything from the network.
public struct HTMLReport {
    let report: DrillReport
    /// The drill that this one was compared with.
    let last: DrillReport?

    public init(report: DrillReport, last: DrillReport?) {
        self.report = report
        self.last = last
    }

    public var text: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Drill of \(Self.escaped(report.stack)): \(Self.word(report.verdict))</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <main>
        <p class="kind">Drill of \(Self.escaped(report.stack)) · \(Self.escaped(report.startedAt))</p>
        <h1 class="\(report.verdict.rawValue)">\(Self.escaped(report.summary))</h1>
        \(figures)
        \(slower)
        <h2>Faults</h2>
        \(overview)
        \(report.faults.map(section).joined())
        <h2>How it was counted</h2>
        \(explanation)
        </main>
        </body>
        </html>

        """
    }

    private var figures: String {
        let settled = report.settlement
        var cells: [(String, String)] = [
            ("\(report.reads.sent)", "reads"), ("\(report.reads.failed)", "failed"),
            ("\(report.reads.retried)", "answered on the second try"),
            ("\(report.writes.sent)", "writes"),
            ("\(report.writes.failed + report.writes.unknown)", "writes failed or cut"),
        ]
        if let settled {
            cells += [("\(settled.lost)", "acknowledged but lost"), ("\(settled.duplicated)", "done more than once")]
        }
        if report.looksForStaleReads { cells.append(("\(report.reads.stale)", "stale reads")) }
        let items = cells.map { "<li><b>\($0.0)</b> \($0.1)</li>" }
        return "<ul class=\"figures\">\(items.joined())</ul>"
    }

    private var slower: String {
        guard let slower = report.slower, let last else { return "" }
        guard !slower.isEmpty else {
            return
                "<p>Nothing is slower than in the drill of \(Self.escaped(last.startedAt)) by more than its spread.</p>"
        }
        let items = slower.map { "<li>\(Self.escaped($0))</li>" }.joined()
        return "<p class=\"broken\">Slower than in the drill of \(Self.escaped(last.startedAt)):</p><ul>\(items)</ul>"
    }

    private var overview: String {
        let rows = report.faults.map { fault in
            let tested = fault.runs.filter { $0.notTested == nil }
            func worst(_ value: (DrillReport.Run) -> Int?) -> String {
                tested.compactMap(value).max().map(Wording.seconds) ?? "–"
            }
            return """
                <tr><td><a href="#\(Self.anchor(fault.name))">\(Self.escaped(fault.name))</a></td>
                <td class="\(fault.verdict.rawValue)">\(Self.word(fault.verdict))</td>
                <td>\(tested.map(\.reads.failed).reduce(0, +))</td>
                <td>\(worst { $0.longestReadPauseMilliseconds })</td>
                <td>\(worst { $0.longestWritePauseMilliseconds })</td>
                <td>\(worst { $0.settlingMilliseconds })</td></tr>

                """
        }
        return """
            <div class="wide"><table>
            <thead><tr><th>fault</th><th>promise</th><th>failed reads</th><th>longest read pause</th>\
            <th>longest write pause</th><th>whole again after</th></tr></thead>
            <tbody>
            \(rows.joined())</tbody></table></div>
            """
    }

    private func section(_ fault: DrillReport.FaultReport) -> String {
        """
        <section id="\(Self.anchor(fault.name))">
        <h3>\(Self.escaped(fault.name)) <span class="\(fault.verdict.rawValue)">\(Self.word(fault.verdict))</span></h3>
        <p>\(Self.escaped(fault.hypothesis))</p>
        \(fault.runs.enumerated().map { run($0.element, fault, $0.offset) }.joined())</section>

        """
    }

    private func run(_ run: DrillReport.Run, _ fault: DrillReport.FaultReport, _ number: Int) -> String {
        let title = fault.runs.count > 1 ? "<h4>Time \(number + 1)</h4>" : ""
        if let reason = run.notTested {
            return "\(title)<p class=\"not_tested\">Not tested: \(Self.escaped(reason))</p>"
        }
        let reasons = run.reasons.map { "<li class=\"broken\">\(Self.escaped($0))</li>" }.joined()
        let failures = run.failures.map { "<li><code>\(Self.escaped($0))</code></li>" }.joined()
        return """
            \(title)\(reasons.isEmpty ? "" : "<ul>\(reasons)</ul>")
            <div class="wide">\(TimelinePicture(run: run).svg)</div>
            \(BudgetTable(run: run, budget: fault.budget, last: lastRuns(fault.name)).text)
            <p class="proof">Proof: \(Self.escaped(run.proof ?? "none"))</p>\(alerts(run))
            \(failures.isEmpty ? "" : "<details><summary>Requests that were not answered well</summary><ul>\(failures)</ul></details>")

            """
    }

    private func alerts(_ run: DrillReport.Run) -> String {
        guard let alerts = run.alerts, !alerts.isEmpty else { return "" }
        let words = alerts.map { Self.escaped(Wording.alert($0)) }.joined(separator: ", ")
        return "\n<p class=\"proof\">Alerts before the next fault: \(words)</p>"
    }

    private func lastRuns(_ name: String) -> [DrillReport.Run] {
        last?.faults.first { $0.name == name }?.runs.filter { $0.notTested == nil } ?? []
    }

    private var explanation: String {
        let rate =
            report.requestsPerSecond.rounded() == report.requestsPerSecond
            ? "\(Int(report.requestsPerSecond))" : "\(report.requestsPerSecond)"
        let ledger = report.ledger.map { " Every request stands in <code>\(Self.escaped($0))</code>." } ?? ""
        return """
            <p>\(report.clients) clients, each with a connection of its own, sent \(rate) requests a second to \
            \(Self.escaped(report.url)) for \(report.durationSeconds) s. A read has failed when it got no good answer, and \
            its one retry on a new connection, where the first was cut before any byte of an answer, got none either. A write is never \
            sent twice; one that was cut is unknown until the end, when the app is asked for all that it has. \
            Seed \(report.seed).\(ledger)</p>
            """
    }

    static func word(_ verdict: DrillReport.Verdict) -> String {
        switch verdict {
        case .held: "held"
        case .broken: "broken"
        case .notTested: "not tested"
        }
    }

    static func anchor(_ name: String) -> String {
        String(name.map { $0.isLetter || $0.isNumber ? $0 : "-" })
    }

    static func escaped(_ text: String) -> String { JUnit.escaped(text) }
}

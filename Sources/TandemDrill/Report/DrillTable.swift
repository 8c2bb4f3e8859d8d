/// A report as a table of at most 100 columns, for a terminal.
public struct DrillTable {
    let report: DrillReport
    /// Makes text red, green or dim, or leaves it.
    let paint: (String, Colour) -> String

    public enum Colour { case good, bad, dim }

    public init(report: DrillReport, paint: @escaping (String, Colour) -> String) {
        self.report = report
        self.paint = paint
    }

    private static let titles = [
        "", "reads", "failed", "retried", "writes", "cut", "read gap", "write gap", "p99", "back",
    ]
    private static let widths = [0, 7, 6, 7, 6, 4, 8, 9, 8, 7]

    public var text: String {
        let width = max(5, report.faults.map(\.name.count).max() ?? 5) + 2
        var lines = [paint(row(Self.titles, width), .dim)]
        for fault in report.faults {
            for run in fault.runs { lines += self.lines(fault, run, width) }
        }
        lines.append("")
        lines += totals
        lines.append(paint(report.summary, report.verdict == .held ? .good : .bad))
        return lines.joined(separator: "\n") + "\n"
    }

    private func lines(_ fault: DrillReport.FaultReport, _ run: DrillReport.Run, _ width: Int) -> [String] {
        if let reason = run.notTested {
            return ["\(mark(run.verdict)) \(padded(fault.name, width - 2)) " + paint("not tested: \(reason)", .dim)]
        }
        let cells = [
            fault.name, "\(run.reads.sent)", "\(run.reads.failed)", "\(run.reads.retried)", "\(run.writes.sent)",
            "\(run.writes.failed + run.writes.unknown)", Wording.seconds(run.longestReadPauseMilliseconds),
            Wording.seconds(run.longestWritePauseMilliseconds),
            run.p99DuringMilliseconds.map { "\(Int($0.rounded())) ms" } ?? "-",
            run.settlingMilliseconds.map(Wording.seconds) ?? "-",
        ]
        let line = mark(run.verdict) + row(cells, width).dropFirst()
        return [line] + run.reasons.map { "    " + paint($0, .bad) }
            + (run.alerts ?? []).map { "    " + paint("alert: \(Wording.alert($0))", .dim) }
    }

    private func row(_ cells: [String], _ width: Int) -> String {
        var line = "  " + padded(cells[0], width - 2)
        for (cell, width) in zip(cells, Self.widths).dropFirst() {
            line += String(repeating: " ", count: max(1, width + 1 - cell.count)) + cell
        }
        return line
    }

    private func mark(_ verdict: DrillReport.Verdict) -> String {
        switch verdict {
        case .held: paint("✓", .good)
        case .broken: paint("✗", .bad)
        case .notTested: paint("–", .dim)
        }
    }

    private var totals: [String] {
        var lines: [String] = []
        if let settled = report.settlement {
            lines.append(
                "\(settled.acknowledged) writes acknowledged, \(settled.lost) lost, \(settled.duplicated) done more than once; "
                    + "\(settled.unknown) unknown, of which \(settled.unknownStored) are there")
        } else if report.writes.sent == 0 {
            lines.append("No writes: the stack file's `drill:` names none (tandem docs drill)")
        }
        lines.append(
            report.looksForStaleReads
                ? "\(report.reads.stale) stale reads" : "Stale reads were not looked for (drill: reread)")
        for line in report.slower ?? [] { lines.append(paint("slower: \(line)", .bad)) }
        if let ledger = report.ledger { lines.append(paint("Every request: \(ledger)", .dim)) }
        return lines
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

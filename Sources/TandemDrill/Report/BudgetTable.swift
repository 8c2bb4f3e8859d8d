/// Budget against what was felt, against the drill before.
struct BudgetTable {
    let run: DrillReport.Run
    let budget: DrillReport.Budget
    let last: [DrillReport.Run]

    private struct Row {
        var what: String
        var budget: String
        var felt: String
        var last: String
        var isOver = false
    }

    var text: String {
        let head = last.isEmpty ? "" : "<th>last time</th>"
        let lines = rows.map { row in
            "<tr><td>\(row.what)</td><td>\(row.budget)</td><td\(row.isOver ? " class=\"broken\"" : "")>\(row.felt)</td>"
                + (last.isEmpty ? "" : "<td>\(row.last)</td>") + "</tr>"
        }
        return "<div class=\"wide\"><table><thead><tr><th></th><th>budget</th><th>felt</th>\(head)</tr></thead>"
            + "<tbody>\(lines.joined())</tbody></table></div>"
    }

    private var rows: [Row] {
        let interrupted = { (run: DrillReport.Run) in run.writes.failed + run.writes.unknown }
        var rows = [
            row("failed reads", budget.failedReads, run.reads.failed, { $0.reads.failed }, { "\($0)" }),
            row(
                "longest pause of reads", budget.readPauseMilliseconds, run.longestReadPauseMilliseconds,
                { $0.longestReadPauseMilliseconds }, Wording.seconds),
        ]
        if run.writes.sent > 0 {
            rows += [
                row("writes failed or cut", budget.interruptedWrites, interrupted(run), interrupted, { "\($0)" }),
                row(
                    "longest pause of writes", budget.writePauseMilliseconds, run.longestWritePauseMilliseconds,
                    { $0.longestWritePauseMilliseconds }, Wording.seconds),
            ]
        }
        rows.append(
            row(
                run.bootMilliseconds == nil ? "whole again after" : "whole again after the boot",
                budget.recoveryMilliseconds, run.settlingMilliseconds, { $0.settlingMilliseconds }, Wording.seconds))
        if let settled = run.settlement {
            rows.append(
                row("acknowledged but lost", 0, settled.lost, { $0.settlement?.lost }, { "\($0)" }))
        }
        rows.append(row("slowest request", nil, run.slowestMilliseconds, { $0.slowestMilliseconds }, Wording.seconds))
        let p99 = [run.p99BeforeMilliseconds, run.p99DuringMilliseconds, run.p99AfterMilliseconds]
            .map { $0.map { "\(Int($0.rounded()))" } ?? "–" }.joined(separator: " · ")
        rows.append(Row(what: "p99 before · during · after, ms", budget: "", felt: p99, last: ""))
        return rows
    }

    private func row(
        _ what: String, _ budget: Int?, _ felt: Int?, _ earlier: (DrillReport.Run) -> Int?, _ words: (Int) -> String
    ) -> Row {
        let range = last.compactMap(earlier)
        var before = "–"
        if let low = range.min(), let high = range.max() {
            before = low == high ? words(low) : "\(words(low)) to \(words(high))"
        }
        return Row(
            what: what, budget: budget.map(words) ?? "", felt: felt.map(words) ?? "–", last: before,
            isOver: budget.map { (felt ?? 0) > $0 } ?? false)
    }
}

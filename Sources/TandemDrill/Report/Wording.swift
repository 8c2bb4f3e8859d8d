/// The sentences of a report.
enum Wording {
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// Such as `0.3 s`, or `40 ms`.
    static func seconds(_ milliseconds: Int) -> String {
        if milliseconds < 100 { return "\(milliseconds) ms" }
        let tenths = (milliseconds + 50) / 100
        return tenths.isMultiple(of: 10) && tenths >= 10 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }

    static func hypothesis(_ event: String, _ budget: DrillReport.Budget, _ promise: Promise) -> String {
        var parts: [String] = []
        if let pause = budget.readPauseMilliseconds {
            parts.append("no read fails, and reads pause for at most \(seconds(pause))")
        }
        if let pause = budget.writePauseMilliseconds {
            let most = budget.interruptedWrites ?? 0
            let cut =
                most == 0 ? "no write is cut" : "at most \(count(most, "write")) \(most == 1 ? "is" : "are") cut"
            parts.append("writes pause for at most \(seconds(pause)), and \(cut)")
        }
        parts.append("nothing acknowledged is lost")
        parts.append("all runs again within \(seconds(budget.recoveryMilliseconds))")
        return "\(event): \(parts.joined(separator: "; "))."
    }

    /// Such as `HostSilent of server1 after 78 s`.
    static func alert(_ alert: DrillReport.Alert) -> String {
        "\(alert.name)\(alert.host.map { " of \($0)" } ?? "") after \(seconds(alert.afterMilliseconds))"
    }

    /// How many of the failed reads nobody had promised to answer.
    private static func inOutage(_ report: DrillReport) -> String {
        let outages = report.faults.filter { $0.budget.failedReads == nil }
        let failed = outages.flatMap(\.runs).map(\.reads.failed).reduce(0, +)
        guard failed > 0 else { return "" }
        return failed >= report.reads.failed
            ? ", all of them in the full outage" : ", \(failed) of them in the full outage"
    }

    static func summary(_ report: DrillReport, broken: Int, tested: Int) -> String {
        let lost = report.settlement?.lost ?? 0
        let acknowledged = report.settlement.map { "\(count($0.acknowledged, "acknowledged write"))" }
        let kept = acknowledged.map { lost == 0 ? "; none of \($0) was lost" : "; \(lost) of \($0) were lost" } ?? ""
        let failed = "\(report.reads.failed) of \(count(report.reads.sent, "read")) failed\(inOutage(report))"
        if let stopped = report.stopped {
            return "The drill ended early after \(count(tested, "fault")): \(stopped). \(failed)\(kept)."
        }
        guard tested > 0 else { return "Nothing was tested." }
        guard report.verdict != .held else {
            return "The stack stood \(tested == 1 ? "the fault" : "all \(tested) faults"): \(failed)\(kept)."
        }
        let what =
            broken == 0
            ? "What was acknowledged is not what is there" : "\(broken) of \(count(tested, "fault")) broke a promise"
        return "\(what): \(failed)\(kept)."
    }
}

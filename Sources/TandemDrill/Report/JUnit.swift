/// A report as JUnit's XML, for what shows test results.
public enum JUnit {
    public static func text(_ report: DrillReport) -> String {
        let cases = report.faults.flatMap { fault in
            fault.runs.enumerated().map { number, run in
                testCase(fault, run, number: fault.runs.count > 1 ? number + 1 : nil)
            }
        }
        let runs = report.faults.flatMap(\.runs)
        var extra = ""
        if let stopped = report.stopped {
            extra =
                "  <testcase classname=\"tandem.drill\" name=\"the drill goes to its end\">\n"
                + "    <failure message=\"\(escaped(stopped))\"/>\n  </testcase>\n"
        }
        for line in report.slower ?? [] {
            extra +=
                "  <testcase classname=\"tandem.drill\" name=\"not slower than before\">\n"
                + "    <failure message=\"\(escaped(line))\"/>\n  </testcase>\n"
        }
        let more = (report.stopped == nil ? 0 : 1) + (report.slower?.count ?? 0)
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuite name="tandem drill \(escaped(report.stack))" tests="\(runs.count + more)" \
            failures="\(runs.count { $0.verdict == .broken } + more)" \
            skipped="\(runs.count { $0.verdict == .notTested })" time="\(report.durationSeconds)" \
            timestamp="\(escaped(report.startedAt))">
            \(cases.joined())\(extra)</testsuite>

            """
    }

    private static func testCase(_ fault: DrillReport.FaultReport, _ run: DrillReport.Run, number: Int?) -> String {
        let name = escaped(fault.name + (number.map { " (\($0))" } ?? ""))
        let seconds = Double(run.recoveryMilliseconds ?? 0) / 1000
        let start = "  <testcase classname=\"tandem.drill\" name=\"\(name)\" time=\"\(seconds)\">"
        switch run.verdict {
        case .held: return start + "</testcase>\n"
        case .notTested: return start + "<skipped message=\"\(escaped(run.notTested ?? ""))\"/></testcase>\n"
        case .broken:
            let words = ([fault.hypothesis] + run.failures).map(escaped).joined(separator: "\n")
            return start
                + "\n    <failure message=\"\(escaped(run.reasons.joined(separator: "; ")))\">\(words)</failure>\n"
                + "  </testcase>\n"
        }
    }

    /// XML 1.0 has no place for most control characters, not even escaped.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n": result += "&#10;"
            case _ where scalar.value < 0x20 && scalar != "\t" || (0xFFFE...0xFFFF).contains(scalar.value):
                result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// One thing that `tandem doctor` looked at.
package struct Finding: Encodable, Sendable, Equatable {
    package enum Verdict: String, Encodable, Sendable {
        case ok
        /// It will run, but not as well as it could, or not for ever.
        case warning
        /// It will not run.
        case error
    }

    /// The host that it is about; nil: this machine.
    package var host: String?
    /// Such as `memory`.
    package var name: String
    var verdict: Verdict
    /// What was found, in one line.
    package var text: String
    /// A command, or an order in words, that mends it; nil where nothing is to be mended.
    package var remedy: String?

    package static func ok(_ name: String, _ text: String) -> Finding {
        Finding(name: name, verdict: .ok, text: text, remedy: nil)
    }

    static func warning(_ name: String, _ text: String, _ remedy: String) -> Finding {
        Finding(name: name, verdict: .warning, text: text, remedy: remedy)
    }

    package static func error(_ name: String, _ text: String, _ remedy: String) -> Finding {
        Finding(name: name, verdict: .error, text: text, remedy: remedy)
    }
}

/// What `tandem doctor` says in the end. JSON: a contract like the other lists.
package struct Diagnosis: Encodable, Sendable {
    /// The worst verdict.
    package var verdict: Finding.Verdict
    var findings: [Finding]

    package init(_ findings: [Finding]) {
        self.findings = findings
        verdict =
            findings.contains { $0.verdict == .error }
            ? .error : (findings.contains { $0.verdict == .warning } ? .warning : .ok)
    }

    package func text(_ style: Style) -> String {
        let width = findings.map(\.name.count).max() ?? 0
        var last: String?
        let lines = findings.map { finding in
            defer { last = finding.host }
            let heading = finding.host == last ? "" : finding.host.map { "\n\(style.bold($0))\n" } ?? ""
            let mark =
                switch finding.verdict {
                case .ok: style.green("✓")
                case .warning: style.yellow("!")
                case .error: style.red("✗")
                }
            let remedy = finding.remedy.map { "\n    \(StepPrinter.padded("", width))  → \($0)" } ?? ""
            return heading + "  \(mark) \(StepPrinter.padded(finding.name, width))  \(finding.text)\(remedy)\n"
        }
        return lines.joined() + "\n\(summary)\n"
    }

    private var summary: String {
        let errors = findings.filter { $0.verdict == .error }.count
        let warnings = findings.filter { $0.verdict == .warning }.count
        let warned = warnings == 0 ? "" : warnings == 1 ? "1 warning" : "\(warnings) warnings"
        if errors == 0 { return warnings == 0 ? "Nothing is missing." : "It will run. \(warned) above." }
        let failed = errors == 1 ? "1 thing is missing" : "\(errors) things are missing"
        return "\(failed)\(warnings == 0 ? "" : ", and \(warned)"); what mends each stands below it."
    }
}

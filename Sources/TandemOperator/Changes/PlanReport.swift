import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

/// What `tandem plan` says: `--format json` gives it as it is.
package struct PlanReport: Codable, Sendable, Equatable {
    package var stack: String
    /// Whether the stack runs; if not, everything starts.
    var isRunning: Bool
    /// Whether there is anything to do.
    package var hasChanges: Bool
    /// In the order in which they are changed.
    package var hosts: [HostChange]
    /// What one should know before.
    var notes: [String]
    /// Why it cannot be taken up while the stack runs.
    var refusals: [String]
}

extension PlanReport {
    package init(_ pending: PendingChange) {
        self.init(
            stack: pending.target.stack.name, isRunning: pending.running != nil, hasChanges: !pending.isNothing,
            hosts: pending.change.hosts,
            notes: pending.running == nil
                ? []
                : PlanNotes(
                    change: pending.change, target: pending.target.stack, running: pending.running?.stack,
                    primary: pending.placement?.primary,
                    dataFolder: { "\(pending.project.folder.host($0))/data" }
                ).all,
            refusals: pending.refusals)
    }

    /// - Parameter style: colours for the differences.
    package func text(_ style: Style) -> String {
        guard hasChanges else { return "\(stack) runs as the stack file says: nothing to do\n" }
        var lines: [String] = []
        if isRunning {
            lines.append("\(style.bold(stack)) runs. To take up the stack file, `tandem up` does, in this order:")
        } else {
            lines.append("\(style.bold(stack)) does not run. `tandem up` starts all of it:")
        }
        lines.append("")
        for host in hosts { lines += self.lines(host, style) }
        if isRunning { lines.append("\nOne host at a time; each serves before the next one is touched.") }
        lines += notes
        if isRunning { lines += differences(style) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func lines(_ host: HostChange, _ style: Style) -> [String] {
        let touched = host.touched
        let title: String =
            switch host.kind {
            case .added where isRunning: "new"
            case .removed: "leaves"
            case .added, .changed, .unchanged: ""
            }
        var lines: [String] = []
        if touched.isEmpty { lines.append(row(host.host, "", "nothing", title, style)) }
        for (index, service) in touched.enumerated() {
            let reasons = (index == 0 && !title.isEmpty ? [title] : []) + service.reasons
            lines.append(
                row(
                    index == 0 ? host.host : "", service.service, service.step.rawValue,
                    reasons.joined(separator: ", "), style))
        }
        return lines
    }

    private func row(_ host: String, _ service: String, _ step: String, _ text: String, _ style: Style) -> String {
        let left =
            "  \(StepPrinter.padded(host, 10)) \(StepPrinter.padded(service, 8)) \(StepPrinter.padded(step, 8)) \(text)"
        let line = String(left.reversed().drop { $0 == " " }.reversed())
        return step == "nothing" ? style.dim(line) : line
    }

    /// Files that differ in the same way on several hosts are shown once. Those of new hosts are all new: `render`
    /// shows them.
    private func differences(_ style: Style) -> [String] {
        var groups: [(file: FileChange, hosts: [String])] = []
        for host in hosts where host.kind == .changed {
            for file in host.files {
                if let index = groups.firstIndex(where: { $0.file == file }) {
                    groups[index].hosts.append(host.host)
                } else {
                    groups.append((file, [host.host]))
                }
            }
        }
        return groups.flatMap { file, hosts in
            ["", style.bold("\(file.name) of \(hosts.joined(separator: ", "))")]
                + file.difference.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
                    switch line.first {
                    case "+": style.green(String(line))
                    case "-": style.red(String(line))
                    case "@": style.dim(String(line))
                    default: String(line)
                    }
                }
        }
    }
}

/// What one should know before a change, in whole sentences.
struct PlanNotes {
    var change: StackChange
    var target: Stack
    var running: Stack?
    /// Who leads.
    var primary: String?
    var dataFolder: (String) -> String

    var all: [String] {
        var notes: [String] = []
        for host in change.hosts {
            if host.restarts("mysql") {
                notes.append(
                    host.host == primary
                        ? "Writes pause for some seconds while mysql of \(host.host), the primary, restarts: it is closed "
                            + "first, so nothing that was acknowledged is lost."
                        : "Writes wait for a moment while mysql of \(host.host), a replica, restarts.")
            }
            if host.kind == .added, host.services.contains(where: { $0.service == "mysql" }) {
                notes.append("\(host.host) gets a copy of the data before anything is read there.")
            }
            if host.kind == .removed {
                notes.append("\(host.host) is stopped once nothing is sent to it any more.")
                if host.services.contains(where: { $0.service == "mysql" }) {
                    notes.append("The data of \(host.host) stays in \(dataFolder(host.host)).")
                }
            }
        }
        if let running, running.hosts(.database).count > 1, target.hosts(.database).count == 1 {
            notes.append("With one database host left, writes are on one server only.")
        }
        return notes
    }
}

import ArgumentParser
import TandemAgent
import TandemTopology

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Says whether a failover would work this minute, to which host, and what blocks it.",
        discussion: "Exit status 1 where it would not.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        var isReady = false
        try await FailoverSession.run(project) { session in
            let statuses = try await session.statuses().map(\.status)
            let report = WhyReport(statuses)
            isReady = report.isReady
            try output.write(report) { report.text }
        }
        if !isReady { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}

/// Whether the partner could take over now. What the agents say differs where some are cut off: each reason is named once.
struct WhyReport: Codable, Equatable {
    var isReady: Bool
    var epoch: Int
    var primary: String?
    var partner: String?
    var blockers: [String]
    /// Files of transactions that nobody acknowledged: somebody has to look at them.
    var exports: [String]

    /// - Parameter statuses: the one that knows best first; at least one.
    init(_ statuses: [FailoverStatus]) {
        let best = statuses.first
        epoch = best?.epoch ?? 0
        primary = best?.primary
        partner = best?.standing == .paired ? best?.partner : nil
        // The partner decides, by what it sees; an agent that knows less of the stack does not count.
        let (newest, leading) = (epoch, [primary, partner])
        let deciding = statuses.filter { $0.epoch == newest && leading.contains($0.host) }
        var reasons: [String] = []
        for reason in (deciding.isEmpty ? statuses : deciding).flatMap(\.blockers) where !reasons.contains(reason) {
            reasons.append(reason)
        }
        blockers = reasons
        isReady = reasons.isEmpty
        exports = statuses.flatMap { status in status.exports.map { "\(status.host): \($0)" } }
    }

    var text: String {
        var lines: [String] = []
        if isReady, let primary, let partner {
            lines.append(
                "If \(primary), the primary, is lost, \(partner) takes over within seconds, with all its writes.")
        } else {
            lines.append("A failover would not work now:")
            lines += blockers.map { "  \($0)" }
        }
        if !exports.isEmpty {
            lines.append("")
            lines.append(
                "Transactions that nobody acknowledged were taken out of the data. Look at them, and apply what is wanted:"
            )
            lines += exports.map { "  \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

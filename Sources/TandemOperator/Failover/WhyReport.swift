import TandemAgent
import TandemTopology

/// Whether the partner could take over now. What the agents say differs where some are cut off: each reason is named
/// once.
package struct WhyReport: Codable, Equatable {
    package var isReady: Bool
    package var epoch: Int
    package var primary: String?
    var partner: String?
    package var blockers: [String]
    /// Files of transactions that nobody acknowledged: somebody has to look at them.
    var exports: [String]

    /// - Parameter statuses: the one that knows best first; at least one.
    package init(_ statuses: [FailoverStatus]) {
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

    package var text: String {
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

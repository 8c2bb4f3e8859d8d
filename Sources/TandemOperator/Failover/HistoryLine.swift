import TandemAgent
import TandemTopology

/// One change of primary, for people.
package struct HistoryLine {
    let change: FailoverChange

    package init(change: FailoverChange) { self.change = change }

    private static let causes = [
        "founded": "the stack began", "adopted": "its data was adopted", "forced": "an operator forced it",
        "switchover": "planned", "server_down": "the primary's mysqld had ended",
        "primary_unheard": "nobody heard the primary's host", "lease_lost": "the primary lost etcd, and its partner",
        "agent_gone": "the primary's agent was gone", "nothing_received": "nothing came from the primary",
    ]

    var cause: String { Self.causes[change.cause] ?? change.cause }
    var who: String { change.previous.map { "\($0) → \(change.primary)" } ?? change.primary }

    package var text: String {
        let head = ["epoch \(change.epoch)", change.detectedAt, who, cause].compactMap(\.self).joined(separator: "  ")
        guard let steps = change.steps, !steps.isEmpty else { return head + "\n" }
        let line = FailoverChange.stepNames.compactMap { name in steps[name].map { "\(name) \($0) ms" } }
        return head + "\n    " + (["detected"] + line).joined(separator: " ─ ") + "\n"
    }
}

import Foundation
import TandemAgent

/// What is wrong, the worst first. The keys of its JSON are a contract.
package struct AlertReport: Codable, Equatable {
    package struct Line: Codable, Equatable {
        package var name: String
        /// `page` or `ticket`.
        var severity: String
        package var host: String?
        var service: String?
        var since: Date
        var summary: String
        var next: String
        var isSilenced: Bool
    }

    var alerts: [Line]
    /// Whether Prometheus tells Alertmanager anything at all: else nothing can be said.
    var isWatching: Bool

    /// - Parameter alerts: of all monitors; what several say is one.
    package init(_ alerts: [Alert], now: Date) {
        isWatching = alerts.contains { $0.labels["alertname"] == Self.watchdog }
        var seen: Set<[String: String]> = []
        self.alerts = alerts.filter { alert in
            alert.labels["alertname"] != Self.watchdog && seen.insert(alert.labels).inserted
        }.map { alert in
            Line(
                name: alert.labels["alertname"] ?? "", severity: alert.labels["severity"] ?? "",
                host: alert.labels["host"], service: alert.labels["service"], since: alert.startsAt,
                summary: alert.annotations["summary"] ?? "", next: alert.annotations["next"] ?? "",
                isSilenced: !alert.status.silencedBy.isEmpty)
        }.sorted { ($0.severity, $0.since, $0.name) < ($1.severity, $1.since, $1.name) }
    }

    private static let watchdog = "Watchdog"

    package var text: String {
        var lines: [String] = []
        if !isWatching {
            lines.append(
                "Prometheus has told Alertmanager nothing yet: what is wrong cannot be said. See: tandem status")
        }
        for alert in alerts {
            let mark = alert.isSilenced ? "silenced" : alert.severity
            lines.append("\(StepPrinter.padded(mark, 9))\(alert.name)  since \(alert.since.formatted(.iso8601))")
            lines.append("         \(Terminal.printable(alert.summary))")
            if !alert.next.isEmpty { lines.append("         Next: \(Terminal.printable(alert.next))") }
        }
        if lines.isEmpty { lines.append("Nothing is wrong.") }
        return lines.joined(separator: "\n") + "\n"
    }
}

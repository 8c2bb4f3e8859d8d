/// What Alertmanager sends about one group of alerts (its documentation: "webhook_config"), as far as a command is told
/// of it in its environment. The names of the variables are a contract.
struct AlertMessage: Decodable, Sendable, Equatable {
    struct Alert: Decodable, Sendable, Equatable {
        var status: String
        var labels: [String: String]
        var annotations: [String: String]
    }

    var status: String
    var groupLabels: [String: String]
    var alerts: [Alert]

    private static let resolved = "resolved"
    /// Of one variable, in bytes: an environment has room for little more than a hundred such.
    private static let longestText = 2000

    var name: String { Self.text(groupLabels["alertname"] ?? "") }
    var isOver: Bool { status == Self.resolved }

    var environment: [String: String] {
        // While some of a group are over and others not, the message is about the others.
        let told = isOver ? alerts : alerts.filter { $0.status != Self.resolved }
        func all(_ value: (Alert) -> String?) -> String {
            var seen: Set<String> = []
            return Self.text(told.compactMap(value).filter { seen.insert($0).inserted }.joined(separator: " "))
        }
        return [
            "TANDEM_ALERT": name,
            "TANDEM_STATUS": isOver ? "resolved" : "firing",
            "TANDEM_SEVERITY": all { $0.labels["severity"] },
            "TANDEM_HOST": all { $0.labels["host"] },
            "TANDEM_SUMMARY": all { $0.annotations["summary"] },
            "TANDEM_NEXT": all { $0.annotations["next"] },
        ]
    }

    /// In one line, and without what a terminal would take for an order.
    private static func text(_ text: String) -> String {
        let line = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : String($0) }.joined()
        guard line.utf8.count > longestText else { return line }
        return String(decoding: line.utf8.prefix(longestText), as: UTF8.self) + "…"
    }
}

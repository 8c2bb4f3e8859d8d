import TandemStack

/// alertmanager.yml: who is told of alerts, and how often. What is secret in it is in files beside it, which the
/// service writes when it starts.
struct AlertmanagerFile {
    let site: Site
    let receivers: AlertReceivers

    func text() throws(BlueprintError) -> String {
        configuration([
            site.banner("alertmanager.yml"),
            """
            # What belongs together goes into one message, which is repeated while it lasts.
            route:
              receiver: people
              group_by: [alertname]
              group_wait: 5s
              group_interval: 1m
              repeat_interval: 4h
              routes:
            \(routes.joined(separator: "\n").indented(2))
            """,
            """
            # Of one cause one message.
            inhibit_rules:
            - source_matchers: [alertname="SiteUnreachable"]
              target_matchers: [alertname=~"ManyErrors|ErrorBudgetBurnsFast|ErrorBudgetBurnsSlowly|SiteSlow"]
              equal: [stack]
            - source_matchers: [alertname="HostSilent"]
              target_matchers: [alertname=~"ServiceDown|ReplicaStopped|MonitoringBlind"]
              equal: [host]
            """,
            """
            # [monitoring.alerts]
            receivers:
            - name: nobody
            - name: people
            \(try people().indented(2))
            \([try command(), try deadMan()].filter { !$0.isEmpty }.joined(separator: "\n"))
            """,
        ])
    }

    private var routes: [String] {
        var routes = [
            """
            - matchers: [alertname="Watchdog"]
              receiver: \(receivers.deadMan == nil ? "nobody" : "dead-man")
              group_wait: 0s
              group_interval: 1m
              # Shorter than the interval: else each second one is left out.
              repeat_interval: 50s
            """,
            """
            - matchers: [alertname="\(TestAlert.name)"]
              receiver: people
              group_by: [alertname, trial]
              group_wait: 0s
              group_interval: 1m
              repeat_interval: 4h
            """,
        ]
        guard receivers.command != nil else { return routes }
        // A receiver of its own, so that what it was sent is counted by itself. People are told as well.
        routes.insert(
            """
            - receiver: command
              group_by: [alertname, \(TestAlert.label)]
              continue: true
            """, at: 1)
        return routes + ["- receiver: people"]
    }

    private func command() throws(BlueprintError) -> String {
        guard receivers.command != nil else { return "" }
        let host = site.host
        return """
            # The agent of this host runs [monitoring.alerts] command.
            - name: command
              webhook_configs:
              - url: "https://\(host.address):\(Ports.agent)\(AlertCommand.path)"
                max_alerts: \(AlertCommand.mostAlerts)
                http_config:
                  tls_config:
            \(try MonitorTLS(site: site).client().indented(8))
            """
    }

    private func deadMan() throws(BlueprintError) -> String {
        guard receivers.deadMan != nil else { return "" }
        return """
            - name: dead-man
              webhook_configs:
              - url_file: \(try YAMLSyntax.text(site.layout.alertSecret("dead_man")))
                send_resolved: false
            """
    }

    private static let title =
        #"{{ if eq .Status "resolved" }}Over: {{ end }}{{ .CommonLabels.alertname }} ({{ .CommonLabels.stack }})"#
    private static let body =
        #"{{ range .Alerts }}{{ if eq .Status "resolved" }}Over: {{ end }}{{ .Annotations.summary }} Next: {{ .Annotations.next }}{{ "\n" }}{{ end }}"#

    private func people() throws(BlueprintError) -> String {
        var parts: [String] = []
        if receivers.webhook != nil {
            parts.append(
                """
                webhook_configs:
                - url_file: \(try YAMLSyntax.text(site.layout.alertSecret("webhook")))
                """)
        }
        if receivers.slack != nil {
            parts.append(
                """
                slack_configs:
                - api_url_file: \(try YAMLSyntax.text(site.layout.alertSecret("slack")))
                  send_resolved: true
                  title: \(try YAMLSyntax.text(Self.title))
                  title_link: ""
                  text: \(try YAMLSyntax.text(Self.body))
                """)
        }
        if let mail = receivers.mail { parts.append(try text(mail)) }
        return parts.joined(separator: "\n")
    }

    private func text(_ mail: AlertReceivers.Mail) throws(BlueprintError) -> String {
        var lines = [
            "email_configs:",
            "- to: \(try YAMLSyntax.text(mail.to))",
            "  from: \(try YAMLSyntax.text(mail.sender))",
            "  smarthost: \(try YAMLSyntax.text(mail.server))",
            // On port 465 all is TLS from the beginning, and STARTTLS is not offered.
            "  require_tls: \(mail.requiresTLS && !mail.server.hasSuffix(":465"))",
            "  send_resolved: true",
            "  headers:",
            "    Subject: \(try YAMLSyntax.text(Self.title))",
            "  html: \"\"",
            "  text: \(try YAMLSyntax.text(Self.body))",
        ]
        if let user = mail.user, mail.password != nil {
            lines += [
                "  auth_username: \(try YAMLSyntax.text(user))",
                "  auth_password_file: \(try YAMLSyntax.text(site.layout.alertSecret("mail")))",
            ]
        }
        return lines.joined(separator: "\n")
    }
}

/// What `tandem alerts test` sends.
public enum TestAlert {
    public static let name = "TandemTest"
    /// The label by which one trial is told from the others.
    public static let label = "trial"
}

import TandemStack

/// How often each monitor sends a request through each of the front's addresses.
package enum ProbePace {
    package static let seconds = 5
}

/// One thing that people are told of: what it means to users, and the command that comes next.
struct AlertRule: Equatable {
    /// How soon somebody should look.
    enum Severity: String {
        /// Users feel it now, or writes do not go on.
        case page
        /// It has to be mended, and nobody has to get up for it.
        case ticket
        /// Says that the monitoring itself works; nobody is told.
        case none
    }

    var name: String
    /// PromQL; each series that it leaves is one alert.
    var expression: String
    /// How long it has to hold.
    var seconds: Int
    var severity: Severity
    /// One sentence, in which `{{ $labels.host }}` and the like stand for parts of the series.
    var summary: String
    /// A command, or what else to do.
    var next: String
}

/// The rules of one stack. Each looks at series that agents report (`AgentMetrics`), so a rule can never wait for an
/// exporter that nobody runs.
///
/// The burn rates are those of the Site Reliability Workbook, chapter 5 ("Alerting on SLOs"), for 99.9 % of requests in
/// 30 days.
struct AlertRules {
    let stack: Stack

    /// The share of requests that may fail.
    private static let errorBudget = 0.001
    /// A request that takes longer is slow, in seconds; a bound of `tandem_web_request_duration_seconds`.
    static let slowSeconds = "2.5"

    /// For so long after the start of its oldest monitor no alert says that a stack does not serve.
    private static let startSeconds = 60

    var all: [AlertRule] { users + database + jobs + hosts + monitoring }

    private static func errorRatio(_ window: String) -> String {
        "sum(rate(tandem_front_errors_total[\(window)])) / sum(rate(tandem_front_requests_total[\(window)]))"
    }

    /// Two windows: the long one says that it matters, the short one that it goes on.
    ///
    /// In its first minutes a stack has answered so little that the errors of its start are a large share. So there
    /// have to be as many as that share of what the monitors alone ask within the whole of the long window: an older
    /// stack has these in any case.
    private func burn(_ factor: Double, long: (text: String, seconds: Int), short: String) -> String {
        let bound = Self.errorBudget * factor
        let asked = stack.monitors.count * long.seconds / ProbePace.seconds
        let least = max(1, (bound * Double(asked)).rounded(.down))
        return """
            (\(Self.errorRatio(long.text)) > \(bound)) and (\(Self.errorRatio(short)) > \(bound)) \
            and (sum(increase(tandem_front_errors_total[\(long.text)])) > \(Int(least)))
            """
    }

    /// The databases of a stack that is being started come after its monitors.
    private static func onceStarted(_ expression: String) -> String {
        let age = #"time() - min(process_start_time_seconds{job="prometheus"})"#
        return "(\(expression)) unless on () (\(age) < \(startSeconds))"
    }

    /// Of hosts that have it to say, whatever others report.
    private func series(_ name: String, of hosts: [Host]) -> String {
        "\(name){stack=\"\(stack.name)\",host=~\"\(hosts.map(\.name).joined(separator: "|"))\"}"
    }

    private var probes: String { series("tandem_probe_success", of: stack.monitors) }
    private var open: String { series("tandem_database_open", of: stack.hosts(.database)) }

    private var users: [AlertRule] {
        [
            AlertRule(
                name: "SiteUnreachable", expression: Self.onceStarted("max by (stack) (\(probes)) == 0"),
                seconds: 30, severity: .page,
                summary: "No request through the front of {{ $labels.stack }} is answered.", next: "tandem status"),
            AlertRule(
                name: "BalancerUnreachable",
                expression:
                    "(max by (stack, address) (\(probes)) == 0) unless on (stack) (max by (stack) (\(probes)) == 0)",
                seconds: 60, severity: .ticket,
                summary: "The balancer at {{ $labels.address }} does not answer; the others do.", next: "tandem status"),
            AlertRule(
                name: "ManyErrors",
                expression: "(\(Self.errorRatio("2m")) > 0.05) and (sum(rate(tandem_front_errors_total[2m])) > 0.1)",
                seconds: 60, severity: .page,
                summary: "{{ $value | humanizePercentage }} of all requests are answered with 500 or above.",
                next: "tandem logs app"),
            AlertRule(
                name: "ErrorBudgetBurnsFast", expression: burn(14.4, long: ("1h", 3600), short: "5m"),
                seconds: 120, severity: .page,
                summary:
                    "{{ $value | humanizePercentage }} of the requests of the last hour failed: at this rate a month's errors are used up in two days.",
                next: "tandem logs app"),
            AlertRule(
                name: "ErrorBudgetBurnsSlowly", expression: burn(3, long: ("6h", 21600), short: "30m"),
                seconds: 900, severity: .ticket,
                summary:
                    "{{ $value | humanizePercentage }} of the requests of the last six hours failed: at this rate a month's errors are used up in ten days.",
                next: "tandem logs app"),
            AlertRule(
                name: "SiteSlow",
                expression: """
                    (1 - sum(rate(tandem_web_request_duration_seconds_bucket{le="\(Self.slowSeconds)"}[5m])) / sum(rate(tandem_web_request_duration_seconds_count[5m])) > 0.05) \
                    and (sum(rate(tandem_web_request_duration_seconds_count[5m])) > 0.2)
                    """, seconds: 300, severity: .ticket,
                summary: "{{ $value | humanizePercentage }} of all requests take longer than \(Self.slowSeconds) s.",
                next: "tandem top"),
        ]
    }

    private var database: [AlertRule] {
        let isPair = stack.hosts(.database).count > 1
        let ofPair = [
            AlertRule(
                name: "NoSecondDatabase", expression: "max by (stack) (tandem_database_paired) == 0", seconds: 120,
                severity: .ticket, summary: "One database server has the writes alone: one more loss would stop them.",
                next: "tandem why"),
            AlertRule(
                name: "ReplicaStopped",
                expression:
                    "max by (host) (tandem_database_streaming) == 0 unless max by (host) (tandem_database_leads) == 1",
                seconds: 120, severity: .ticket,
                summary: "The database on {{ $labels.host }} neither leads nor follows the primary.",
                next: "tandem status"),
            AlertRule(
                name: "ReplicaLags", expression: "tandem_database_lag_seconds > 30", seconds: 120, severity: .ticket,
                summary:
                    "The replica on {{ $labels.host }} is {{ $value | humanizeDuration }} behind: reads there show old data.",
                next: "tandem top"),
        ]
        return [
            AlertRule(
                name: "WritesWait", expression: Self.onceStarted("(max by (stack) (\(open)) == 0) or absent(\(open))"),
                seconds: 20, severity: .page, summary: "No database server takes writes.", next: "tandem why")
        ] + (isPair ? ofPair : []) + [
            AlertRule(
                name: "WritesExported", expression: "max by (host) (tandem_database_exports) > 0", seconds: 0,
                severity: .ticket,
                summary:
                    "On {{ $labels.host }} transactions that nobody acknowledged were taken out of the data, and nobody has looked at the file.",
                next: "tandem why"),
            AlertRule(
                name: "ConnectionsNearLimit",
                expression: """
                    (tandem_front_connections / tandem_front_connections_limit > 0.8) or \
                    (tandem_database_connections / tandem_database_connections_limit > 0.8)
                    """, seconds: 120, severity: .ticket,
                summary:
                    "{{ $value | humanizePercentage }} of the connections that {{ $labels.host }} takes are in use.",
                next: "tandem top"),
        ]
    }

    private var hosts: [AlertRule] {
        [
            AlertRule(
                name: "HostSilent", expression: "up{job=\"tandem\"} == 0", seconds: 60, severity: .ticket,
                summary: "The agent of {{ $labels.host }} does not answer: the host is off, or cut off.",
                next: "tandem status"),
            AlertRule(
                name: "ServiceDown", expression: "max by (host, service) (tandem_service_up) == 0", seconds: 60,
                severity: .ticket, summary: "{{ $labels.service }} on {{ $labels.host }} does not run.",
                next: "tandem logs {{ $labels.service }}"),
            AlertRule(
                name: "CrashLoop", expression: "round(increase(tandem_service_restarts_total[10m])) > 3", seconds: 0,
                severity: .ticket,
                summary:
                    "{{ $labels.service }} on {{ $labels.host }} ended by itself {{ $value | humanize }} times within ten minutes.",
                next: "tandem logs {{ $labels.service }}"),
            AlertRule(
                name: "DiskFull",
                expression: """
                    (tandem_host_disk_available_bytes / tandem_host_disk_size_bytes < 0.05) or \
                    ((tandem_host_disk_available_bytes / tandem_host_disk_size_bytes < 0.4) and \
                    (predict_linear(tandem_host_disk_available_bytes[1h], 24 * 3600) < 0) and \
                    (predict_linear(tandem_host_disk_available_bytes[6h], 24 * 3600) < 0) and \
                    (tandem_host_disk_available_bytes offset 50m > 0))
                    """, seconds: 300, severity: .ticket,
                summary: "The disk of {{ $labels.host }} ({{ $labels.disk }}) is full, or will be within a day.",
                next:
                    "Find what fills it, such as binary logs and logs: df -h, then du -xh --max-depth=3 on that disk"),
            AlertRule(
                name: "MemoryLow",
                expression: "tandem_host_memory_available_bytes / tandem_host_memory_total_bytes < 0.05", seconds: 300,
                severity: .ticket,
                summary: "{{ $labels.host }} has {{ $value | humanizePercentage }} of its memory left.",
                next: "tandem top"),
            AlertRule(
                name: "CertificateEnds",
                expression: "min by (host, certificate) (tandem_certificate_expiry_time_seconds) - time() < 21 * 86400",
                seconds: 300, severity: .ticket,
                summary:
                    "The certificate {{ $labels.certificate }} of {{ $labels.host }} is good for {{ $value | humanizeDuration }} only.",
                next: "tandem up"),
            AlertRule(
                name: "ClockOff",
                expression: "abs(tandem_host_time_seconds - timestamp(tandem_host_time_seconds)) > 2", seconds: 120,
                severity: .ticket,
                summary: "The clocks of {{ $labels.host }} and of a monitor differ by {{ $value | humanizeDuration }}.",
                next: "timedatectl on both, and see that a time service runs"),
        ]
    }

    /// Every series that a rule leans on, and that each stack has.
    static let neededSeries = [
        "tandem_probe_success", "tandem_front_requests_total", "tandem_database_open", "tandem_service_up",
        "tandem_host_disk_available_bytes",
    ]

    private var monitoring: [AlertRule] {
        let missing = Self.neededSeries.map { "absent(\($0))" }.joined(separator: " or ")
        return [
            AlertRule(
                name: "MonitoringBlind",
                expression: "(up{job=~\"prometheus|alertmanager\"} == 0) or (\(missing))", seconds: 120,
                severity: .ticket,
                summary:
                    "Monitoring does not see all: {{ if $labels.host }}{{ $labels.job }} on {{ $labels.host }} does not answer{{ else }}figures are missing{{ end }}.",
                next: "tandem status"),
            AlertRule(
                name: "AlertsNotDelivered",
                expression: "increase(alertmanager_notifications_failed_total[5m]) > 0", seconds: 60, severity: .ticket,
                summary: "Alerts by {{ $labels.integration }} do not arrive (receiver {{ $labels.receiver_name }}).",
                next: "tandem alerts test"),
            AlertRule(
                name: "Watchdog", expression: "vector(1)", seconds: 0, severity: .none,
                summary: "Always there: while it is sent, monitoring works.", next: "Nothing."),
        ]
    }

    /// The file of rules.
    func text(_ banner: String) throws(BlueprintError) -> String {
        var parts: [String] = []
        for rule in all { parts.append(try text(rule)) }
        return configuration([
            banner,
            """
            groups:
            - name: tandem
              rules:
            \(parts.joined(separator: "\n").indented(2))
            """,
        ])
    }

    private func text(_ rule: AlertRule) throws(BlueprintError) -> String {
        """
        - alert: \(rule.name)
          expr: \(try YAMLSyntax.text(rule.expression))
          for: \(rule.seconds)s
          labels:
            severity: \(rule.severity.rawValue)
            stack: \(try YAMLSyntax.text(stack.name))
          annotations:
            summary: \(try YAMLSyntax.text(rule.summary))
            next: \(try YAMLSyntax.text(rule.next))
        """
    }
}

extension HostBlueprint {
    /// What alerts of a stack can be called.
    public static func alertNames(of stack: Stack) -> [String] { AlertRules(stack: stack).all.map(\.name) }
}

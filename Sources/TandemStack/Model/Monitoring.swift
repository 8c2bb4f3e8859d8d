/// The `monitoring` section: Prometheus, which keeps figures and decides what is wrong, and Alertmanager, which tells
/// people.
public struct Monitoring: Codable, Sendable, Equatable {
    /// How often the stack is asked for its figures.
    public var intervalSeconds: Int
    /// How long figures are kept.
    public var retentionSeconds: Int
    /// How much room they may take on each monitor; the oldest go first.
    public var retentionBytes: Int
    public var alerts: AlertReceivers

    public init(
        intervalSeconds: Int = 10, retentionSeconds: Int = 360 * 3600, retentionBytes: Int = 1 << 30,
        alerts: AlertReceivers = AlertReceivers()
    ) {
        self.intervalSeconds = intervalSeconds
        self.retentionSeconds = retentionSeconds
        self.retentionBytes = retentionBytes
        self.alerts = alerts
    }
}

/// The `monitoring.alerts` section: who is told. Nobody, where all are nil: then `tandem alerts` alone shows them.
public struct AlertReceivers: Codable, Sendable, Equatable {
    /// A text that may be a secret: its name is the key in the section.
    public enum Value: Codable, Sendable, Equatable {
        case plain(String)
        case secret(App.SecretSource)
    }

    public struct Mail: Codable, Sendable, Equatable {
        /// Addresses, with commas between them.
        public var to: String
        public var sender: String
        /// `HOST:PORT` of the server that takes the mail.
        public var server: String
        public var user: String?
        public var password: App.SecretSource?
        /// Whether the server has to offer STARTTLS.
        public var requiresTLS: Bool

        public init(
            to: String, sender: String, server: String, user: String? = nil, password: App.SecretSource? = nil,
            requiresTLS: Bool = true
        ) {
            self.to = to
            self.sender = sender
            self.server = server
            self.user = user
            self.password = password
            self.requiresTLS = requiresTLS
        }
    }

    /// A URL that is sent Alertmanager's JSON.
    public var webhook: Value?
    /// A URL that is sent messages in Slack's format.
    public var slack: Value?
    public var mail: Mail?
    /// A command line, given to `/bin/sh -c` on the monitor that tells people, with Alertmanager's JSON on its standard
    /// input.
    public var command: String?
    /// A URL that is sent a message each minute while all is well with the monitoring itself.
    public var deadMan: Value?

    public init(
        webhook: Value? = nil, slack: Value? = nil, mail: Mail? = nil, command: String? = nil, deadMan: Value? = nil
    ) {
        self.webhook = webhook
        self.slack = slack
        self.mail = mail
        self.command = command
        self.deadMan = deadMan
    }

    public static let webhookSecret = "alerts.webhook"
    public static let slackSecret = "alerts.slack"
    public static let mailSecret = "alerts.mail"
    public static let deadManSecret = "alerts.dead_man"

    /// Where secret values come from, by names that no environment variable can have.
    public var secrets: [String: App.SecretSource] {
        var sources: [String: App.SecretSource] = [:]
        if case .secret(let source)? = webhook { sources[Self.webhookSecret] = source }
        if case .secret(let source)? = slack { sources[Self.slackSecret] = source }
        if case .secret(let source)? = deadMan { sources[Self.deadManSecret] = source }
        if let password = mail?.password { sources[Self.mailSecret] = password }
        return sources
    }
}

extension Stack {
    /// The hosts that watch the stack, in the order of the file: those with the role monitor, else the balancers, so
    /// that two watch. None where monitoring is off.
    public var monitors: [Host] {
        guard monitoring != nil else { return [] }
        let chosen = hosts(.monitor)
        return chosen.isEmpty ? hosts(.balancer) : chosen
    }

    public func isMonitor(_ host: Host) -> Bool { monitors.contains { $0.name == host.name } }

    /// All secrets that are read where `tandem up` runs: the app's by the name of their variable, and those of alerts.
    public var secretSources: [String: App.SecretSource] {
        app.secrets.merging(monitoring?.alerts.secrets ?? [:]) { first, _ in first }
    }
}

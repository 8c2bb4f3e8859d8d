extension Schema {
    static let monitoring = Section(
        path: "monitoring",
        explanation: """
            Prometheus and Alertmanager on the hosts with the role monitor, or on the balancers where no host has it. They watch the \
            stack, keep its figures, and tell you when something is wrong; see docs/monitoring.md. `monitoring: on` takes all defaults. Without \
            this section, or with `monitoring: off`, nothing of it runs.
            """,
        keys: [
            Key(
                name: "interval", kind: .duration(2...30), presence: .preset("10s"),
                synonyms: ["scrape_interval", "every", "evaluation_interval"],
                explanation: "How often the stack is asked for its figures."),
            Key(
                name: "retention", kind: .duration(3600...(10_000 * 3600)), presence: .preset("360h"),
                synonyms: ["keep", "retention_time", "days"],
                explanation: "How long Prometheus keeps them."),
            Key(
                name: "size", kind: .size((64 << 20)...(1 << 40)), presence: .preset("1gb"),
                synonyms: ["retention_size", "disk", "max_size"],
                explanation: "How much room they may take on each monitor; the oldest go first."),
            Key(
                name: "alerts", kind: .section(alerts), presence: .optional,
                synonyms: ["alertmanager", "receivers", "notify", "notifications", "alerting"],
                explanation: alerts.explanation),
        ])

    static let alerts = Section(
        path: "monitoring.alerts",
        explanation: """
            Who is told. Each that is given gets every alert, once from both monitors together. `tandem alerts` shows alerts in any case, and \
            `tandem alerts test` tries the way.
            """,
        keys: [
            Key(
                name: "webhook", kind: .secretURL(secret), presence: .optional, synonyms: ["url", "http", "hook"],
                explanation: "It is sent Alertmanager's JSON by POST.",
                example: "{env: ALERT_WEBHOOK}"),
            Key(
                name: "slack", kind: .secretURL(secret), presence: .optional, synonyms: ["mattermost", "slack_url"],
                explanation:
                    "An incoming webhook of Slack, or of what takes the same format, such as Mattermost and Rocket.Chat.",
                example: "{file: secrets/slack-url}"),
            Key(
                name: "mail", kind: .section(mail), presence: .optional, synonyms: ["email", "smtp"],
                explanation: mail.explanation),
            Key(
                name: "command", kind: .command, presence: .optional,
                synonyms: ["exec", "script", "run", "program", "shell"],
                explanation: """
                    A command line, given to /bin/sh -c on the monitor that tells people; see docs/monitoring.md for what it is told, and                     in which folder it runs.
                    """,
                example: "./on-alert.sh"),
            Key(
                name: "dead_man", kind: .secretURL(secret), presence: .optional,
                synonyms: ["watchdog", "heartbeat", "deadman", "dead_mans_switch", "healthchecks"],
                explanation: """
                    It is sent a POST each minute for as long as the monitors watch and reach it, and nothing else. A service elsewhere that \
                    tells you when these stop coming says when all of the stack is gone.
                    """,
                example: "{env: HEARTBEAT_URL}"),
        ])

    static let mail = Section(
        path: "monitoring.alerts.mail",
        explanation: "By mail.",
        keys: [
            Key(
                name: "to", kind: .mailAddresses, presence: .required, synonyms: ["recipients", "address"],
                explanation: "Who gets it.",
                example: "ops@shop.example.com"),
            Key(
                name: "sender", kind: .mailAddress, presence: .required, synonyms: ["from"],
                explanation: "Who it is from.",
                example: "tandem@shop.example.com"),
            Key(
                name: "server", kind: .hostAndPort, presence: .required, synonyms: ["smtp", "host", "smarthost"],
                explanation:
                    "The mail server that takes it. On port 465 it speaks TLS from the beginning, else STARTTLS.",
                example: "smtp.example.com:587"),
            Key(
                name: "user", kind: .loginName, presence: .optional, synonyms: ["username", "login"],
                explanation: "With what name to log in there; without it nobody logs in.",
                example: "tandem@shop.example.com"),
            Key(
                name: "password", kind: .secretSource(secret), presence: .optional, synonyms: ["pass"],
                explanation: "Of that user.",
                example: "{env: SMTP_PASSWORD}"),
            Key(
                name: "tls", kind: .choice(["required", "off"]), presence: .preset("required"),
                synonyms: ["starttls", "require_tls"],
                explanation: "Whether the server has to offer STARTTLS."),
        ])
}

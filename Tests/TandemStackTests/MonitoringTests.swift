import TandemStack
import Testing

@Suite("Monitoring")
struct MonitoringTests {
    @Test("is off without a word, on with one, and has the balancers watch")
    func forms() throws {
        #expect(try load(smallest).monitoring == nil)
        #expect(try load(smallest).monitors.isEmpty)
        for word in ["off", "no", "false"] { #expect(try load("\(smallest)\nmonitoring: \(word)\n").monitoring == nil) }
        for word in ["on", "yes", "true", "", "{}"] {
            let stack = try load("\(smallest)\nmonitoring: \(word)\n")
            #expect(stack.monitoring == Monitoring(), "\(word)")
            #expect(stack.monitors.map(\.name) == ["lb1", "lb2"])
        }
    }

    @Test("is where the role monitor is")
    func role() throws {
        let hosts = """
            stack: shop
            app: {run: x}
            hosts:
              a: {roles: [balancer, web, app, database]}
              b: {roles: [monitor]}
            """
        let stack = try load(hosts)
        #expect(stack.monitoring == Monitoring() && stack.monitors.map(\.name) == ["b"])
        #expect(
            errors(hosts + "\nmonitoring: off\n")
                == "tandem.yaml:6:13: error: monitoring: it is off, and b has the role monitor; take one of the two away"
        )
    }

    @Test("has values, and people to tell")
    func values() throws {
        let stack = try load(
            """
            stack: shop
            app: {run: x, secrets: {KEY: {env: KEY}}}
            monitoring:
              interval: 30s
              retention: 24h
              size: 128mb
              alerts:
                webhook: https://hooks.example.com/x?y=1
                slack: {file: slack}
                command: ./page "on call"
                dead_man: {command: pass beat}
                mail: {to: "a@b.example, c@d.example", sender: t@b.example, server: "mail.example:25", user: t, password: {env: P}, tls: off}
            """)
        let alerts = try #require(stack.monitoring?.alerts)
        #expect(stack.monitoring?.intervalSeconds == 30 && stack.monitoring?.retentionSeconds == 86400)
        #expect(stack.monitoring?.retentionBytes == 128 << 20)
        #expect(alerts.webhook == .plain("https://hooks.example.com/x?y=1"))
        #expect(alerts.command == "./page \"on call\"")
        #expect(alerts.mail?.requiresTLS == false && alerts.mail?.user == "t")
        #expect(
            Set(stack.secretSources.keys) == ["KEY", "alerts.slack", "alerts.dead_man", "alerts.mail"])
        #expect(stack.secretSources["alerts.mail"] == .environment("P"))
    }

    @Test("takes its ports from the front's")
    func ports() {
        let text = "stack: shop\napp: {run: x}\nbalancer: {https_port: 9090}\n"
        #expect(errors(text) == "")
        #expect(
            errors(text + "monitoring: on\n")
                == "tandem.yaml:3:24: error: balancer.https_port: port 9090 is used by Prometheus; expected another port"
        )
    }

    @Test("tells what is wrong in its place", arguments: wrong)
    func errorsAreTold(golden: Golden) {
        #expect(errors("stack: shop\napp: {run: x}\n" + golden.input + "\n") == golden.output)
    }
}

private let wrong = [
    Golden(
        "A word", "monitoring: maybe",
        "tandem.yaml:3:13: error: monitoring: expected on, off or a map with interval, retention, size, alerts, found 'maybe'"
    ),
    Golden(
        "A synonym", "monitoring: {scrape_interval: 5s}",
        "tandem.yaml:3:14: error: unknown key 'scrape_interval' in monitoring; here it is called 'interval'"),
    Golden(
        "Too often", "monitoring: {interval: 1s}",
        "tandem.yaml:3:24: error: monitoring.interval: expected a time such as 30s (s, m or h), 2s to 30s, found '1s'"),
    Golden(
        "No URL", "monitoring: {alerts: {webhook: hooks.example.com}}",
        "tandem.yaml:3:32: error: monitoring.alerts.webhook: expected a URL such as https://hooks.example.com/T0/B0, or {env: VARIABLE}, {file: PATH} or {command: COMMAND}, found 'hooks.example.com'"
    ),
    Golden(
        "A command from elsewhere", "monitoring: {alerts: {command: {file: page.sh}}}",
        "tandem.yaml:3:32: error: monitoring.alerts.command: expected a command line, found a map"),
    Golden(
        "No command", "monitoring: {alerts: {command: \"\"}}",
        "tandem.yaml:3:32: error: monitoring.alerts.command: expected a command line, found ''"),
    Golden(
        "Another name for it", "monitoring: {alerts: {exec: ./page.sh}}",
        "tandem.yaml:3:23: error: unknown key 'exec' in monitoring.alerts; here it is called 'command'"),
    Golden(
        "Two sources", "monitoring: {alerts: {slack: {env: A, file: b}}}",
        "tandem.yaml:3:23: error: monitoring.alerts.slack: expected one of env, file and command, found env and file"),
    Golden(
        "A password in the file",
        "monitoring: {alerts: {mail: {to: a@b.example, sender: a@b.example, server: \"b.example:25\", user: x, password: hush}}}",
        "tandem.yaml:3:111: error: monitoring.alerts.mail.password: expected {env: VARIABLE}, {file: PATH} or {command: COMMAND}, found 'hush'"
    ),
    Golden(
        "A user without a password",
        "monitoring: {alerts: {mail: {to: a@b.example, sender: a@b.example, server: \"b.example:25\", user: x}}}",
        "tandem.yaml:3:92: error: monitoring.alerts.mail: expected both user and password, or neither"),
    Golden(
        "Nobody's address", "monitoring: {alerts: {mail: {to: ops, sender: a@b.example, server: \"b.example:25\"}}}",
        "tandem.yaml:3:34: error: monitoring.alerts.mail.to: expected a mail address such as ops@shop.example.com, or several with commas between them, found 'ops'"
    ),
    Golden(
        "No port", "monitoring: {alerts: {mail: {to: a@b.example, sender: a@b.example, server: mail.example}}}",
        "tandem.yaml:3:76: error: monitoring.alerts.mail.server: expected a server's name or address with its port, such as smtp.example.com:587, found 'mail.example'"
    ),
]

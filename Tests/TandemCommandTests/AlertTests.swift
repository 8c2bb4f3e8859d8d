import ArgumentParser
import Foundation
import TandemAgent
import TandemReplication
import TandemStack
import Testing

@testable import TandemBlueprint
@testable import TandemOperator
@testable import tandem

@Suite("tandem alerts")
struct AlertTests {
    private func alert(
        _ name: String, _ severity: String, host: String? = nil, at seconds: Double = 0, silenced: Bool = false
    ) -> Alert {
        var labels = ["alertname": name, "severity": severity]
        labels["host"] = host
        return Alert(
            labels: labels, annotations: ["summary": "\(name) of {}.", "next": "tandem status"],
            startsAt: Date(timeIntervalSince1970: seconds),
            status: .init(state: "active", silencedBy: silenced ? ["x"] : []))
    }

    @Test("shows what several monitors say once, the worst first")
    func report() {
        let report = AlertReport(
            [
                alert("ServiceDown", "ticket", host: "a"), alert("Watchdog", "none"),
                alert("WritesWait", "page", at: 60),
                alert("ServiceDown", "ticket", host: "a", at: 5),
                alert("ReplicaLags", "ticket", at: 90, silenced: true),
            ], now: Date())
        #expect(report.isWatching)
        #expect(report.alerts.map(\.name) == ["WritesWait", "ServiceDown", "ReplicaLags"])
        #expect(
            report.text == """
                page     WritesWait  since 1970-01-01T00:01:00Z
                         WritesWait of {}.
                         Next: tandem status
                ticket   ServiceDown  since 1970-01-01T00:00:00Z
                         ServiceDown of {}.
                         Next: tandem status
                silenced ReplicaLags  since 1970-01-01T00:01:30Z
                         ReplicaLags of {}.
                         Next: tandem status

                """)
    }

    @Test("names a next command that there is, whatever is wrong")
    func next() throws {
        var stack = Sample.applied().stack
        stack.app.jobs = [
            Job(name: "digest", run: "x", schedule: try CronSchedule(parsing: "@daily"), stopTimeoutSeconds: 1)
        ]
        for rule in AlertRules(stack: stack).all where rule.next.hasPrefix("tandem ") {
            // As Prometheus fills it in.
            let words = rule.next.replacing(/\{\{ *\$labels\.[a-z]+ *\}\}/, with: "nginx").split(separator: " ")
                .dropFirst()
            #expect(throws: Never.self, "\(rule.name): \(rule.next)") {
                _ = try Tandem.parseAsRoot(words.map(String.init))
            }
        }
    }

    @Test("does not take silence for health")
    func blind() {
        #expect(AlertReport([alert("Watchdog", "none")], now: Date()).text == "Nothing is wrong.\n")
        #expect(AlertReport([], now: Date()).text.hasPrefix("Prometheus has told Alertmanager nothing yet"))
    }

    @Test("knows what arrived")
    func outcome() {
        func outcome(_ made: Int, _ failed: Int) -> AlertTrial.Outcome {
            .init(before: Attempts(made: 10, failed: 4), now: Attempts(made: 10 + made, failed: 4 + failed))
        }
        #expect(outcome(0, 0) == .waiting)
        #expect(outcome(1, 0) == .arrived)
        #expect(outcome(2, 2) == .refused(attempts: 2))
        #expect(outcome(3, 2) == .arrived)
    }

    @Test("reads times of silences", arguments: [("30m", 1800), ("2h", 7200), ("45s", 45), ("720h", 2_592_000)])
    func times(text: String, seconds: Int) { #expect(AlertSession.seconds(text) == seconds) }

    @Test("refuses what is no time", arguments: ["", "h", "0m", "-1h", "721h", "1d", "99999999999999999999h", "1.5h"])
    func noTimes(text: String) { #expect(AlertSession.seconds(text) == nil) }

    /// A roll-back writes them down for the whole stack: what one kind of host does not know is not empty for all.
    @Test("what hosts were given of secrets is put together, whichever host is asked first", arguments: [false, true])
    func secrets(isSplit: Bool) throws {
        var applied = Sample.applied()
        if isSplit {
            for (index, host) in applied.stack.hosts.enumerated() where host.has(.database) {
                applied.stack.hosts[index].roles = index.isMultiple(of: 2) ? [.web, .app] : [.database]
            }
        }
        applied.stack.monitoring = Monitoring(alerts: AlertReceivers(slack: .secret(.environment("SLACK_URL"))))
        var all = StackSecrets.generate()
        all.app = ["KEY": "hush"]
        all.alerts = [AlertReceivers.slackSecret: "https://slack.example/x"]
        let given = AppliedHost(applied: applied, secrets: all)
        let hosts = applied.stack.hosts.map(\.name)
        let limited = hosts.map { given.limited(to: $0) }
        #expect(limited.contains { $0.secrets.database.root.isEmpty && !$0.secrets.alerts.isEmpty })
        #expect(limited.contains { !$0.secrets.database.root.isEmpty && $0.secrets.alerts.isEmpty })
        for _ in 1...20 {
            // In another order each time.
            #expect(PendingChange.secrets(of: Dictionary(uniqueKeysWithValues: zip(hosts, limited))) == all)
        }
        #expect(PendingChange.secrets(of: [:]) == nil)
        if isSplit, let one = applied.stack.hosts(.database).first?.name {
            #expect(PendingChange.secrets(of: [one: given.limited(to: one)]) == nil)
        }
    }
}

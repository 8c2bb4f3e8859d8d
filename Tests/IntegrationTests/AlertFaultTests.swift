import Foundation
import Glibc
import Testing

/// Alerts, each by its fault on a running stack. Half an hour: `TANDEM_TEST_LONG=1 bin/test --filter alertsByDoing`. It prints what
/// docs/monitoring.md says of the seconds.
extension BesideTests {
    /// `TANDEM_TEST_FAULTS="4 5"` chooses some of them.
    private static var wantedFaults: [Int] {
        let chosen = (ProcessInfo.processInfo.environment["TANDEM_TEST_FAULTS"] ?? "").split(separator: " ")
        return (0..<AlertFaults.count).filter { chosen.isEmpty || chosen.contains("\($0)") }
    }

    private static var isLong: Bool { ProcessInfo.processInfo.environment["TANDEM_TEST_LONG"]?.isEmpty == false }

    @Test(
        "each alert that a running stack can be made to have fires on its fault, and ends after it",
        .enabled(if: isLong), arguments: wantedFaults)
    func alertsByDoing(place: Int) async throws {
        let stack = try TrialStack.besides("italerts\(place)", "app: {run: '\(TrialStack.conduit)'}")
        let receiver = try AlertReceiver(folder: stack.folder)
        do {
            try stack.write(
                """
                app:
                  run: '\(TrialStack.conduit)'
                  jobs: {digest: {run: 'test ! -e fail', at: "* * * * *"}}
                monitoring: {interval: 5s, alerts: {webhook: '\(receiver.url)/people'}}
                """)
            try await stack.succeed("up", "--detach")
            let trial = AlertFaults(stack: stack, receiver: receiver)
            try await trial.run(place)
            #expect(trial.problems.isEmpty, "\(trial.problems.joined(separator: "\n"))")
        } catch {
            receiver.end()
            try await stack.end()
            throw error
        }
        receiver.end()
        try await stack.end()
    }
}

/// Makes one fault after the other, and takes the time until people are told, and until they are told that it is over.
private final class AlertFaults {
    static let count = 6

    let stack: TrialStack
    let receiver: AlertReceiver
    private(set) var problems: [String] = []

    init(stack: TrialStack, receiver: AlertReceiver) {
        self.stack = stack
        self.receiver = receiver
    }

    private struct Fault {
        var alerts: [String]
        var what: String
        var patience = 240
        var begin: () async throws -> Void
        var end: () async throws -> Void
    }

    func run(_ place: Int) async throws {
        let fault = faults[place]
        let began = ContinuousClock.now
        let before = Dictionary(uniqueKeysWithValues: fault.alerts.map { ($0, told($0, "firing")) })
        let endedBefore = Dictionary(uniqueKeysWithValues: fault.alerts.map { ($0, told($0, "resolved")) })
        try await fault.begin()
        var fired: [String: Int] = [:]
        try await wait(fault.patience) {
            for alert in fault.alerts where fired[alert] == nil && told(alert, "firing") > before[alert] ?? 0 {
                fired[alert] = seconds(since: began)
            }
            return fired.count == fault.alerts.count
        }
        let healed = ContinuousClock.now
        try await fault.end()
        var ended: [String: Int] = [:]
        try await wait(420) {
            for alert in fault.alerts where ended[alert] == nil && told(alert, "resolved") > endedBefore[alert] ?? 0 {
                ended[alert] = seconds(since: healed)
            }
            return ended.count == fired.count
        }
        for alert in fault.alerts {
            let words =
                "\(alert) | \(fault.what) | \(fired[alert].map { "\($0)" } ?? "–") | \(ended[alert].map { "\($0)" } ?? "–")"
            print("| \(words) |")
            if fired[alert] == nil || ended[alert] == nil { problems.append(words) }
        }
    }

    private func seconds(since start: ContinuousClock.Instant) -> Int {
        Int(((ContinuousClock.now - start) / .seconds(1)).rounded())
    }

    private func told(_ alert: String, _ status: String) -> Int {
        receiver.bodies("/people").count {
            $0.contains("\"groupLabels\":{\"alertname\":\"\(alert)\"}")
                && $0.contains(#""receiver":"people","status":"\#(status)""#)
        }
    }

    private func wait(_ seconds: Int, until isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func pid(_ service: String, _ host: String) async throws -> pid_t {
        try #require(try await stack.status().service(service, on: host).pid)
    }

    /// A service cannot start while it cannot read its file.
    private func withhold(_ file: String, of service: String, on host: String) async throws {
        chmod("\(stack.stateFolder)/hosts/\(host)/etc/\(file)", 0)
        kill(try await pid(service, host), SIGKILL)
    }

    private func giveBack(_ file: String, on host: String) {
        chmod("\(stack.stateFolder)/hosts/\(host)/etc/\(file)", 0o600)
    }

    private var faults: [Fault] {
        [
            Fault(
                alerts: ["SiteUnreachable"], what: "both HAProxy killed, their files not to be read",
                begin: {
                    for host in ["lb1", "lb2"] { try await self.withhold("haproxy.cfg", of: "haproxy", on: host) }
                },
                end: { for host in ["lb1", "lb2"] { self.giveBack("haproxy.cfg", on: host) } }),
            Fault(
                alerts: ["WritesWait"], what: "both mysqld killed, their files not to be read",
                begin: {
                    for host in ["server1", "server2"] { try await self.withhold("my.cnf", of: "mysql", on: host) }
                },
                end: { for host in ["server1", "server2"] { self.giveBack("my.cnf", on: host) } }),
            Fault(
                alerts: ["ServiceDown", "NoSecondDatabase", "ReplicaStopped"],
                what: "a replica's mysqld killed, its file not to be read",
                begin: { try await self.withhold("my.cnf", of: "mysql", on: try await self.replica) },
                end: { for host in ["server1", "server2"] { self.giveBack("my.cnf", on: host) } }),
            Fault(
                alerts: ["MonitoringBlind"], what: "one Prometheus killed, its file not to be read",
                begin: { try await self.withhold("prometheus.yml", of: "prometheus", on: "lb2") },
                end: { self.giveBack("prometheus.yml", on: "lb2") }),
            Fault(
                alerts: ["HostSilent"], what: "an agent killed, its key not to be read",
                begin: {
                    self.move(self.agentKey, to: "\(self.agentKey).away")
                    kill(try #require(try await self.stack.status().host("lb2").agent.pid), SIGKILL)
                }, end: { self.move("\(self.agentKey).away", to: self.agentKey) }),
            Fault(
                alerts: ["JobFailed"], what: "a job that runs each minute ends with status 1",
                begin: { _ = FileManager.default.createFile(atPath: "\(self.stack.folder)/fail", contents: Data()) },
                end: { unlink("\(self.stack.folder)/fail") }),
        ]
    }

    private var agentKey: String { "\(stack.stateFolder)/run/lb2/agent-key.pem" }

    private func move(_ path: String, to other: String) {
        #expect(rename(path, other) == 0, "\(path) could not be moved")
    }

    private var replica: String {
        get async throws {
            let primary = try #require(try await stack.status().database).primary
            return primary == "server1" ? "server2" : "server1"
        }
    }
}

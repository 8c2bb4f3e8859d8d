import Foundation
import Glibc
import Testing

/// Alerts, each by its fault on a running stack. A quarter of an hour: `TANDEM_TEST_LONG=1 bin/test --filter alertsByDoing`. It prints what
/// docs/monitoring.md says of the seconds.
extension IntegrationTests {
    private static var isLong: Bool { ProcessInfo.processInfo.environment["TANDEM_TEST_LONG"]?.isEmpty == false }

    @Test(
        "each alert that a running stack can be made to have fires on its fault, and ends after it",
        .enabled(if: isLong))
    func alertsByDoing() async throws {
        let stack = try TrialStack("italerts", "app: {run: '\(TrialStack.conduit)'}")
        let receiver = try AlertReceiver(folder: stack.folder)
        do {
            try Self.app.write(toFile: "\(stack.folder)/app.py", atomically: true, encoding: .utf8)
            try stack.write(
                """
                app: {run: exec /usr/bin/python3 app.py}
                monitoring: {interval: 5s, alerts: {webhook: '\(receiver.url)/people'}}
                """)
            try await stack.succeed("up", "--detach")
            let trial = AlertFaults(stack: stack, receiver: receiver)
            try await trial.run()
            #expect(trial.problems.isEmpty, "\(trial.problems.joined(separator: "\n"))")
        } catch {
            receiver.end()
            try await stack.end()
            throw error
        }
        receiver.end()
        try await stack.end()
    }

    private static let app = """
        import http.server, os, time
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                if self.path == "/slow": time.sleep(3)
                self.send_response(500 if self.path == "/boom" else 200)
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"ok\\n")
            def log_message(self, *arguments): pass
        http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
        """
}

/// Makes one fault after the other, and takes the time until people are told, and until they are told that it is over.
private final class AlertFaults {
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

    func run() async throws {
        for fault in faults {
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
                for alert in fault.alerts where ended[alert] == nil && told(alert, "resolved") > endedBefore[alert] ?? 0
                {
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

    /// All processes of services, with those that they started.
    private func signal(_ signal: Int32, _ service: String, on hosts: [String]) async throws {
        for host in hosts { kill(-(try await pid(service, host)), signal) }
    }

    /// A service cannot start while it cannot read its file.
    private func withhold(_ file: String, of service: String, on host: String) async throws {
        chmod("\(stack.stateFolder)/hosts/\(host)/etc/\(file)", 0)
        kill(try await pid(service, host), SIGKILL)
    }

    private func giveBack(_ file: String, on host: String) {
        chmod("\(stack.stateFolder)/hosts/\(host)/etc/\(file)", 0o600)
    }

    private func load(_ path: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            "while :; do for i in 1 2 3 4 5; do curl -sko /dev/null https://localhost:8443\(path) & done; curl -sko /dev/null https://localhost:8443/health; wait; done",
        ]
        try process.run()
        return process
    }

    private var faults: [Fault] {
        var processes: [Process] = []
        return [
            Fault(
                alerts: ["SiteUnreachable"], what: "both HAProxy frozen",
                begin: { try await self.signal(SIGSTOP, "haproxy", on: ["lb1", "lb2"]) },
                end: { try await self.signal(SIGCONT, "haproxy", on: ["lb1", "lb2"]) }),
            Fault(
                alerts: ["ManyErrors", "ErrorBudgetBurnsFast"], what: "the app answers most requests with 500",
                begin: { processes.append(try self.load("/boom")) },
                end: { if let process = processes.popLast() { kill(process.processIdentifier, SIGKILL) } }),
            Fault(
                alerts: ["CrashLoop"], what: "an app killed five times within a minute",
                begin: {
                    for _ in 1...5 {
                        kill(try await self.pid("app", "server2"), SIGKILL)
                        try await Task.sleep(for: .seconds(8))
                    }
                }, end: {}),
            Fault(
                alerts: ["ServiceDown", "NoSecondDatabase", "ReplicaStopped"],
                what: "the replica's mysqld killed, its file not to be read",
                begin: { try await self.withhold("my.cnf", of: "mysql", on: "server2") },
                end: { self.giveBack("my.cnf", on: "server2") }),
            Fault(
                alerts: ["MonitoringBlind"], what: "one Prometheus killed, its file not to be read",
                begin: { try await self.withhold("prometheus.yml", of: "prometheus", on: "lb2") },
                end: { self.giveBack("prometheus.yml", on: "lb2") }),
        ]
    }
}

import Foundation
import Glibc
import Testing

extension BesideTests {
    /// Prometheus and Alertmanager, real ones, and a receiver that keeps what it is sent.
    @Test("monitoring tells people once of what is wrong, and when it is over")
    func monitoring() async throws {
        let stack = try TrialStack.besides("itmonitor", "app: {run: '\(TrialStack.conduit)'}")
        let receiver = try AlertReceiver(folder: stack.folder)
        do {
            try Data("\(receiver.url)/beat\n".utf8).write(to: URL(fileURLWithPath: "\(stack.folder)/beat"))
            try await stack.succeed("up", "--detach")
            try Self.writeCommand(stack)
            try stack.write(Self.monitoringYAML(receiver))
            let plan = try await stack.succeed("plan").output
            #expect(plan.contains("prometheus") && plan.contains("alertmanager"), "\(plan)")
            try await stack.succeed("up", "--detach")
            try await checkWatchers(stack)
            try await checkTrial(stack, receiver)
            try await checkAlert(stack, receiver)
            try await checkOneMonitorIsEnough(stack)
            try await checkSwitchedOff(stack)
        } catch {
            receiver.end()
            try await stack.end()
            throw error
        }
        receiver.end()
        try await stack.succeed("down")
        #expect(stack.processes().isEmpty)
        try await stack.end()
    }

    private static func monitoringYAML(_ receiver: AlertReceiver) -> String {
        """
        app: {run: '\(TrialStack.conduit)'}
        monitoring:
          interval: 2s
          alerts:
            webhook: {command: "printf %s '\(receiver.url)/people'"}
            slack: \(receiver.url)/slack
            command: './on-alert.sh'
            dead_man: {file: beat}
        """
    }

    /// Keeps what it is told, and fails while there is a file `refuse`, as the receiver does.
    private static func writeCommand(_ stack: TrialStack) throws {
        let script = """
            #!/bin/sh
            echo "told of $TANDEM_ALERT by $(id -un)"
            [ ! -e refuse ] || exit 1
            { printf '%s|%s|%s|%s|%s|' "$TANDEM_STACK" "$TANDEM_ALERT" "$TANDEM_STATUS" "$TANDEM_HOST" "$TANDEM_SUMMARY"; tr -d '\\n'; echo; } >> commands
            """
        let path = "\(stack.folder)/on-alert.sh"
        try Data("\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o755)
        // The stack's account is another one where root runs the test.
        _ = FileManager.default.createFile(atPath: "\(stack.folder)/commands", contents: Data())
        chmod("\(stack.folder)/commands", 0o666)
    }

    private func commands(_ stack: TrialStack) -> [String] {
        let data = FileManager.default.contents(atPath: "\(stack.folder)/commands") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Runs `body` until it is content.
    private func eventually(_ what: String, seconds: Int = 60, _ body: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if try await body() { return }
            try await Task.sleep(for: .milliseconds(300))
        }
        Issue.record("not within \(seconds) s: \(what)")
    }

    private struct Report: Decodable {
        struct Line: Decodable {
            var name: String
            var host: String?
            var is_silenced: Bool
        }
        var alerts: [Line]
        var is_watching: Bool
    }

    private func report(_ stack: TrialStack) async throws -> Report {
        try JSONDecoder().decode(
            Report.self, from: Data(try await stack.succeed("alerts", "--format", "json").output.utf8))
    }

    private func checkWatchers(_ stack: TrialStack) async throws {
        let status = try await stack.status()
        #expect(status.state == "up")
        for host in ["lb1", "lb2"] {
            for service in ["prometheus", "alertmanager"] {
                #expect(try status.service(service, on: host).state == "running")
            }
        }
        try await eventually("Prometheus tells Alertmanager") { try await report(stack).is_watching }
        #expect(try await stack.succeed("alerts").output == "Nothing is wrong.\n")
    }

    private func checkTrial(_ stack: TrialStack, _ receiver: AlertReceiver) async throws {
        #expect(
            try await stack.succeed("alerts", "test").output == "webhook: arrived\nslack: arrived\ncommand: has run\n")
        #expect(receiver.bodies("/people").contains { $0.contains("TandemTest") })
        #expect(receiver.bodies("/slack").contains { $0.contains("alerts of itmonitor arrive here") })
        try await eventually("the dead man's switch is held") { !receiver.bodies("/beat").isEmpty }
        // Both monitors live, and the second one has its time.
        try await Task.sleep(for: .seconds(20))
        let runs = commands(stack)
        #expect(runs.count == 1 && runs[0].hasPrefix("itmonitor|TandemTest|firing||This is a test"), "\(runs)")
        #expect(runs.first?.contains(#""receiver":"command""#) == true, "all of the message is on its standard input")
        #expect(try await stack.succeed("logs", "alertmanager-command").output.contains("told of TandemTest by "))
        receiver.refuse(true)
        let refused = try await stack.tandem("alerts", "test")
        #expect(refused.status == 1 && refused.output.contains("webhook: not taken"), "\(refused.output)")
        #expect(refused.output.contains("command: failed"), "\(refused.output)")
        receiver.refuse(false)
    }

    /// A file of transactions that nobody acknowledged: the alert that does not wait.
    private func checkAlert(_ stack: TrialStack, _ receiver: AlertReceiver) async throws {
        let exports = "\(stack.stateFolder)/hosts/server2/data/exports"
        try FileManager.default.createDirectory(atPath: exports, withIntermediateDirectories: true)
        try Data("-- a trial\n".utf8).write(to: URL(fileURLWithPath: "\(exports)/trial.sql"))
        func told(_ status: String) -> [String] {
            receiver.bodies("/people").filter {
                $0.contains("WritesExported") && $0.contains(#""receiver":"people","status":"\#(status)""#)
            }
        }
        try await eventually("people are told") { !told("firing").isEmpty }
        let line = try #require(try await report(stack).alerts.first { $0.name == "WritesExported" })
        #expect(line.host == "server2" && !line.is_silenced)
        #expect(told("firing").first?.contains("On server2 transactions that nobody acknowledged") == true)
        try await stack.succeed("alerts", "silence", "WritesExported", "--host", "server2", "--for", "5m")
        #expect(try await report(stack).alerts.first { $0.name == "WritesExported" }?.is_silenced == true)
        try await stack.succeed("alerts", "unsilence", "WritesExported")
        #expect(try await stack.tandem("alerts", "unsilence", "WritesExported").status == 1)
        try FileManager.default.removeItem(atPath: "\(exports)/trial.sql")
        try await eventually("people are told that it is over", seconds: 150) { !told("resolved").isEmpty }
        // The command runs on its own, after it was told of; and the second monitor has its time to tell.
        try await Task.sleep(for: .seconds(20))
        #expect(told("firing").count == 1 && told("resolved").count == 1)
        for status in ["firing", "resolved"] {
            let runs = commands(stack).filter { $0.hasPrefix("itmonitor|WritesExported|\(status)|server2|On server2 ") }
            #expect(runs.count == 1, "\(status): \(commands(stack))")
        }
    }

    private func checkOneMonitorIsEnough(_ stack: TrialStack) async throws {
        for service in ["prometheus", "alertmanager"] {
            let before = try await stack.status().service(service, on: "lb1").pid
            kill(try #require(before), SIGKILL)
            #expect(try await report(stack).is_watching)
            try await eventually("\(service) comes back") {
                let now = try await stack.status().service(service, on: "lb1")
                return now.state == "running" && now.pid != before
            }
        }
        // As another user of the machine, and with an agent's certificate.
        let address = try await stack.status().service("prometheus", on: "lb1").address
        let agent = "\(stack.stateFolder)/run/server1/agent"
        let withKey = try await Program.run(
            "/usr/bin/curl",
            [
                "-ks", "--max-time", "5", "--cert", "\(agent).pem", "--key", "\(agent)-key.pem",
                "https://\(address)/api/v1/targets",
            ])
        #expect(withKey.status != 0 && withKey.output.isEmpty, "\(withKey)")
        for url in ["https://\(address)/api/v1/targets", "http://\(address)/metrics"] {
            let answer = try await Program.run("/usr/bin/curl", ["-ks", "--max-time", "5", url])
            #expect(answer.status != 0 || !answer.output.contains("{"), "\(url): \(answer.output)")
        }
    }

    private func checkSwitchedOff(_ stack: TrialStack) async throws {
        try stack.write("app: {run: '\(TrialStack.conduit)'}\nmonitoring: off\n")
        try await stack.succeed("up", "--detach")
        let status = try await stack.status()
        #expect(status.state == "up" && !status.hosts.flatMap(\.services).contains { $0.name == "prometheus" })
        let refused = try await stack.tandem("alerts")
        #expect(refused.status == 1 && refused.errors.contains("nothing watches the stack"))
        #expect(!stack.processes().contains { $0.contains("prometheus") })
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(stack.stateFolder)/hosts/lb1/tls")
        #expect(left.contains("front.pem") && !left.contains { $0.hasPrefix("alerts-") || $0 == "monitor-key.pem" })
    }
}

/// A web server of Debian's Python that keeps the bodies of what it is sent, by path.
final class AlertReceiver: Sendable {
    let url: String
    private let folder: String
    private let process: Process

    init(folder: String) throws {
        self.folder = folder
        let script = """
            import http.server, os, sys
            folder = sys.argv[1]
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                    refused = any(os.path.exists(folder + '/refuse' + name) for name in ('', self.path.replace('/', '-')))
                    if not refused:
                        with open(folder + '/received' + self.path.replace('/', '-'), 'ab') as file:
                            file.write(body.replace(b'\\n', b' ') + b'\\n')
                    self.send_response(503 if refused else 200)
                    self.end_headers()
                    # Slack's word.
                    self.wfile.write(b'ok')
                def log_message(self, *arguments): pass
            server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
            print(server.server_port, flush=True)
            server.serve_forever()
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", script, folder]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        let port = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        url = "http://127.0.0.1:\(try #require(Int(port.filter(\.isNumber))))"
    }

    /// For good: who ignores SIGTERM hands that down.
    func end() { kill(process.processIdentifier, SIGKILL) }

    func bodies(_ path: String) -> [String] {
        let data = FileManager.default.contents(atPath: "\(folder)/received\(path.replacing("/", with: "-"))") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// - Parameter path: empty: all that it is sent.
    func refuse(_ isRefusing: Bool, path: String = "") {
        let file = "\(folder)/refuse\(path.replacing("/", with: "-"))"
        if isRefusing {
            _ = FileManager.default.createFile(atPath: file, contents: Data())
        } else {
            try? FileManager.default.removeItem(atPath: file)
        }
    }
}

import Foundation
import Glibc
import Subprocess
import Testing

/// `TANDEM_TEST_DRILL` makes the first of these try every fault three times: half an hour.
private let isLong = ProcessInfo.processInfo.environment["TANDEM_TEST_DRILL"]?.isEmpty == false

extension IntegrationTests {
    /// What `tandem drill --format json` promises.
    private struct DrillOutcome: Decodable {
        struct Run: Decodable {
            struct Mark: Decodable { var text: String }
            var marks: [Mark]
            var verdict: String
            var reasons: [String]
            var proof: String?
            var not_tested: String?
        }
        struct Fault: Decodable {
            var name: String
            var verdict: String
            var runs: [Run]
        }
        struct Settlement: Decodable {
            var acknowledged: Int
            var lost: Int
            var duplicated: Int
        }
        var verdict: String
        var summary: String
        var settlement: Settlement?
        var faults: [Fault]
        var stopped: String?

        init(_ outcome: Program.Outcome) throws {
            self = try JSONDecoder().decode(Self.self, from: Data(outcome.output.utf8))
        }

        var reasons: [String] { faults.flatMap(\.runs).flatMap(\.reasons) }
    }

    /// Small enough for a machine that has other things to do.
    private static let load = ["--clients", "8", "--rate", "50", "--duration", "1", "--format", "json"]

    private func drill(_ stack: TrialStack, _ arguments: String...) async throws -> Program.Outcome {
        try await Program.run(
            "\(stack.programs)/tandem", ["drill"] + Self.load + arguments, folder: stack.folder,
            environment: stack.environment([:]), user: stack.user)
    }

    @Test(
        "a drill of the example's stack holds, one at a time; killed in the middle of a fault it leaves a healthy stack"
    )
    func drillHolds() async throws {
        let stack = try TrialStack("itdrill", "app:\n  run: '\(TrialStack.conduit)'")
        do {
            #expect(try await drill(stack).status == 4, "nothing runs yet")
            try await stack.succeed("up", "--detach")
            #expect(try await stack.succeed("drill", "--list").output.contains("kill server1/mysql\n    The primary's"))
            #expect(try await drill(stack, "--only", "bogus").status == 2)
            let faults = "kill server1/nginx, freeze server2/app, kill lb1/agent, kill server2/mysql"
            let outcome = try await isLong ? drill(stack, "--repeat", "3") : drill(stack, "--only", faults)
            #expect(outcome.status == 0, "\(outcome)")
            let report = try DrillOutcome(outcome)
            #expect(report.verdict == "held" && report.reasons == [] && report.stopped == nil, "\(report)")
            #expect(report.faults.count >= 4 && report.faults.allSatisfy { $0.runs.allSatisfy { $0.proof != nil } })
            let settled = try #require(report.settlement)
            #expect(settled.acknowledged > 10 && settled.lost == 0 && settled.duplicated == 0, "\(settled)")
            print(report.summary)
            try await killedDrill(stack)
            try await cutDrill(stack)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    private func killedDrill(_ stack: TrialStack) async throws {
        let status = try await stack.waitUntilUp { _ in true }
        let primary = try #require(try status.service("mysql", on: "server1").pid)
        let running = Task { try await drill(stack, "--only", "freeze server1/mysql") }
        let (victim, healer) = try await drillProcess(of: stack)
        #expect(
            try await drill(stack, "--only", "kill keeper").errors.contains("another drill of 'itdrill' is running"))
        for _ in 0..<3000 where !isFrozen(primary) { try await Task.sleep(for: .milliseconds(10)) }
        guard isFrozen(primary) else {
            kill(victim, SIGINT)
            throw TrialStack.NotReached(description: "the fault struck: \(try await running.value)")
        }
        try #require(kill(victim, SIGKILL) == 0)
        _ = await running.result
        _ = try await stack.waitUntilUp { _ in !isFrozen(primary) }
        #expect(try await Curl.get("\(status.url)/api/articles").status == 200)
        for _ in 0..<500 where kill(healer, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// Where this machine lets nobody cut connections, the drill says so.
    private func cutDrill(_ stack: TrialStack) async throws {
        let list = try await stack.succeed("drill", "--list").output
        let words = try #require(list.firstRange(of: "cut replication\n"))
        // Its sentence, and what keeps it from being tested.
        let lines = list[words.upperBound...].split(separator: "\n").prefix(2)
        guard lines.last?.hasPrefix("    not tested: ") == false else {
            #expect(geteuid() != 0 || list.contains("nftables") || list.contains("control groups"), "\(list)")
            return
        }
        let report = try DrillOutcome(try await drill(stack, "--only", "=cut replication"))
        let run = try #require(report.faults.first?.runs.first)
        #expect(run.proof?.hasSuffix(" packets were dropped") == true, "\(report)")
        #expect(try #require(report.settlement).lost == 0)

        let table = "tandem_drill_\(stack.name)"
        let running = Task { try await drill(stack, "--only", "=cut server2") }
        let (victim, _) = try await drillProcess(of: stack)
        try await waitFor(table) { $0.contains("ip saddr . tcp sport") && $0.contains("accept") }
        try #require(kill(victim, SIGKILL) == 0)
        _ = await running.result
        try await waitFor(table) { $0.isEmpty }
        _ = try await stack.waitUntilUp { _ in true }
    }

    private func waitFor(_ table: String, _ isSo: (String) -> Bool) async throws {
        for _ in 0..<600 {
            let listing = try await Program.run("/usr/sbin/nft", ["list", "table", "inet", table], folder: "/")
            if isSo(listing.status == 0 ? listing.output : "") { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw TrialStack.NotReached(description: "nftables' table \(table) is as it should be")
    }

    private func isFrozen(_ pid: Int32) -> Bool { standing(pid).first == "T" }

    private func parent(_ pid: Int32) -> Int32? { standing(pid).dropFirst().first.flatMap { Int32($0) } }

    /// What /proc/PID/stat says after the name: the state, the parent, and more.
    private func standing(_ pid: Int32) -> [Substring] {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return text.split(separator: ")").last?.split(separator: " ") ?? []
    }

    /// The process that drills, and its healer, which comes after its lock: before that a second drill might be the one
    /// that goes on. Started by root, `tandem` starts itself anew as the stack's account and waits for that; the
    /// healer's parent is the one that counts.
    private func drillProcess(of stack: TrialStack) async throws -> (drill: Int32, healer: Int32) {
        for _ in 0..<3000 {
            let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
            for pid in pids where words(pid).contains("drill-healer") {
                guard let drill = parent(pid), words(drill).dropFirst().first == "drill",
                    let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(drill)/cwd"),
                    folder == stack.folder
                else { continue }
                return (drill, pid)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TrialStack.NotReached(description: "no drill of \(stack.name) runs")
    }

    private func words(_ pid: Int32) -> [String] {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\0").map(String.init)
    }

    private static var canMount: Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        guard geteuid() == 0, (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    @Test(
        "when the primary's disk is full its partner takes over, and no write hangs",
        .enabled(if: canMount, "only root can give a host a small disk"))
    func fullDisk() async throws {
        let stack = try TrialStack("itfull", "app:\n  run: '\(TrialStack.conduit)'")
        let data = "\(stack.stateFolder)/hosts/server1/data"
        func shell(_ script: String) async throws {
            let outcome = try await Program.run("/bin/bash", ["-c", "set -e; \(script)"], folder: "/")
            try #require(outcome.status == 0, "\(outcome)")
        }
        do {
            try await stack.succeed("up", "--detach")
            try await stack.succeed("down")
            try await shell(
                """
                owner=$(stat -c %u:%g '\(data)'); mv '\(data)' '\(data).real'; mkdir '\(data)'
                mount -t tmpfs -o size=800m tmpfs '\(data)'; chown $owner '\(data)'; chmod 700 '\(data)'
                cp -a '\(data).real/.' '\(data)/'; rm -r '\(data).real'
                """)
            try await stack.succeed("up", "--detach")
            let outcome = try await drill(stack, "--only", "fill server1")
            let report = try DrillOutcome(outcome)
            print(report.summary, report.reasons)
            let run = try #require(report.faults.first?.runs.first)
            #expect(run.proof?.hasSuffix(" MB were written until the disk was full") == true, "\(report)")
            #expect(run.marks.contains { $0.text == "server2 is primary" }, "\(run)")
            #expect(!report.reasons.contains { $0.hasPrefix("no write was answered") }, "\(report)")
            #expect(try #require(report.settlement).lost == 0)
            #expect(!FileManager.default.fileExists(atPath: "\(data)/tandem-drill-ballast"))
            try await stack.succeed("down")
            try await shell("umount '\(data)'")
        } catch {
            _ = try? await stack.tandem("down")
            try? await shell("umount '\(data)'")
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    @Test(
        "a drill fails, in the right words, of an app that answers before it keeps, of a balancer that repeats nothing and of one that is alone"
    )
    func drillFails() async throws {
        let store = "\(NSTemporaryDirectory())itliar-\(UInt32.random(in: 0 ... .max))"
        let stack = try TrialStack(
            "itliar",
            """
            hosts:
              lb1: {roles: [balancer]}
              server1: {roles: [web, app, database]}
              server2: {roles: [web, app, database]}
            app:
              run: exec python3 liar.py
              env: {STORE: '\(store)'}
            drill:
              read: /
              write: /
              body: "{text}"
              check: "/?offset={offset}"
            """)
        try Self.liar.write(toFile: "\(stack.folder)/liar.py", atomically: true, encoding: .utf8)
        defer {
            for host in ["server1", "server2"] { try? FileManager.default.removeItem(atPath: "\(store)-\(host)") }
        }
        do {
            try await stack.succeed("up", "--detach")
            let lost = try await drill(stack, "--only", "kill server1/app")
            let report = try DrillOutcome(lost)
            print(report.summary)
            #expect(lost.status == 1 && report.verdict == "broken")
            #expect(report.reasons.contains { $0.hasPrefix("acknowledged but lost: ") }, "\(report.reasons)")
            #expect(try #require(report.settlement).lost > 0)

            let alone = try DrillOutcome(try await drill(stack, "--only", "=kill lb1"))
            print(alone.summary, alone.reasons)
            #expect(alone.verdict == "broken" && alone.reasons.contains { $0.hasPrefix("no read was answered for ") })
            let words = "haproxy runs on lb1 alone: nothing goes on without it (tandem check --no-spof)"
            #expect(alone.reasons.last == words, "\(alone.reasons)")

            let status = try await stack.waitUntilUp { _ in true }
            try spoil("\(stack.stateFolder)/hosts/lb1/etc/haproxy.cfg")
            kill(try #require(try status.service("haproxy", on: "lb1").pid), SIGUSR2)
            try await Task.sleep(for: .seconds(2))
            let failing = try await drill(stack, "--only", "kill server1/nginx, kill server2/nginx", "--repeat", "2")
            let second = try DrillOutcome(failing)
            print(second.summary, second.reasons)
            #expect(failing.status == 1)
            #expect(second.reasons.contains { $0.contains(" failed (budget: 0)") }, "\(second.reasons)")
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.end()
    }

    /// Requests are sent to one server, and no second time.
    private func spoil(_ path: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line -> String? in
            if line.contains("retry-on ") || line.contains("option redispatch") { return nil }
            return line == "    retries 3" ? "    retries 0" : String(line)
        }
        #expect(lines.contains("    retries 0"))
        // In place, so that the file stays its owner's.
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(lines.joined(separator: "\n").utf8))
        try handle.close()
    }

    /// Keeps what it was sent in memory for three seconds before it writes it down, and says at once that it is there:
    /// so whenever it is killed, it loses some.
    private static let liar = """
        import os, signal, sys, threading, time
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from urllib.parse import parse_qs, urlsplit

        store = os.environ["STORE"]
        pending = []

        class Liar(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                offset = int(parse_qs(urlsplit(self.path).query).get("offset", ["0"])[0])
                lines = []
                for host in ("server1", "server2"):
                    if os.path.exists(f"{store}-{host}"):
                        with open(f"{store}-{host}") as file:
                            lines += file.read().split()
                lines.reverse()
                self.answer(200, "\\n".join(lines[offset:offset + 50]))

            def do_POST(self):
                pending.append((time.time(), self.rfile.read(int(self.headers["Content-Length"])).decode()))
                self.answer(201, "kept")

            def answer(self, status, text):
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        def keep():
            while True:
                time.sleep(0.1)
                count = sum(1 for at, _ in list(pending) if at < time.time() - 3)
                with open(f"{store}-{os.environ['TANDEM_HOST']}", "a") as file:
                    file.write("".join(line + "\\n" for _, line in pending[:count]))
                del pending[:count]

        threading.Thread(target=keep, daemon=True).start()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Liar).serve_forever()
        """
}

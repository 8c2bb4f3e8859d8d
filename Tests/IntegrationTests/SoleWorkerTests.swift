import Foundation
import Glibc
import Testing

extension BesideTests {
    @Test(
        "a worker of one host runs on one server at a time, moves when that server dies, and rests while etcd is away")
    func soleWorker() async throws {
        let stack = try TrialStack.besides("itsole", SoleWorker.yaml)
        let worker = SoleWorker(stack: stack)
        do {
            try await stack.succeed("up", "--detach")
            let first = try await worker.holder()
            try await checkStatus(stack, first)
            try await checkComesBackOnItsHost(stack, worker, first)
            let second = try await checkMoves(stack, worker, from: first)
            try await checkRestAndReturn(stack, worker)
            try await checkNewSettings(stack, worker)
            #expect(second != first)
        } catch {
            try await stack.end()
            throw error
        }
        let start = ContinuousClock.now
        try await stack.succeed("down")
        #expect(stack.processes().isEmpty)
        // A claim that was given up keeps nobody waiting at the next start.
        try await stack.succeed("up", "--detach")
        _ = try await worker.holder()
        #expect(start.duration(to: .now) < .seconds(240))
        let runs = try worker.runs()
        #expect(runs.count >= 5)
        try worker.expectNoOverlap(runs)
        try await stack.end()
    }

    private func checkStatus(_ stack: TrialStack, _ holder: String) async throws {
        let status = try await stack.status()
        let other = holder == "server1" ? "server2" : "server1"
        #expect(status.state == "up")
        let waiting = try status.service("clock", on: other)
        #expect(waiting.state == "waiting" && waiting.pid == nil && waiting.detail == "runs on \(holder)")
        #expect(try await stack.succeed("status").output.contains("○ clock   waiting  runs on \(holder)"))
        #expect(try await stack.tandem("up", "--detach").status == 0)
    }

    /// The agent that begins anew goes on with its claim, whether its worker lives or not; so does a restart.
    private func checkComesBackOnItsHost(_ stack: TrialStack, _ worker: SoleWorker, _ host: String) async throws {
        let before = try #require(try await stack.status().service("clock", on: host).pid)
        kill(try #require(try await stack.status().host(host).agent.pid), SIGKILL)
        try await worker.wait("the next agent", seconds: 30) {
            try await stack.status().host(host).services.contains { $0.name == "clock" && $0.state == "running" }
        }
        #expect(try await stack.status().service("clock", on: host).pid == before)

        kill(try #require(try await stack.status().host(host).agent.pid), SIGKILL)
        kill(before, SIGKILL)
        #expect(try await worker.holder(besides: before) == host)

        let killed = try await stack.status().service("clock", on: host).pid
        try await stack.succeed("restart", "clock")
        let restarted = try await stack.status().service("clock", on: host)
        #expect(restarted.state == "running" && restarted.pid != killed)
    }

    /// All of a host's processes are killed, again and again.
    private func checkMoves(_ stack: TrialStack, _ worker: SoleWorker, from host: String) async throws -> String {
        let start = ContinuousClock.now
        let other = host == "server1" ? "server2" : "server1"
        try await worker.holdingDown({
            $0.contains("/hosts/\(host)/") || $0.contains("--host \(host) ") || $0.contains("TANDEM_HOST=\(host)")
        }) {
            try await worker.wait("that \(other) takes over", seconds: 60) {
                try await stack.status().service("clock", on: other).state == "running"
            }
        }
        // 25 s of a lease that has just been renewed, a second of the taker's, and a busy machine.
        #expect(start.duration(to: .now) < .seconds(60))
        try await worker.wait("that \(host) is back", seconds: 120) { try await stack.status().state == "up" }
        #expect(try await stack.status().service("clock", on: host).state == "waiting")
        return other
    }

    private func checkRestAndReturn(_ stack: TrialStack, _ worker: SoleWorker) async throws {
        let host = try await worker.holder()
        let start = ContinuousClock.now
        try await worker.holdingDown({ $0.contains("bin/etcd") }) {
            try await worker.wait("the worker's end", seconds: 60) {
                try await stack.status().service("clock", on: host).state == "waiting"
            }
            // 10 s of patience and its stop, which takes it no time.
            #expect(start.duration(to: .now) < .seconds(40))
            #expect(
                try await stack.status().service("clock", on: host).detail == "etcd does not answer which host runs it")
            #expect(try await stack.status().state != "up")
            try worker.expectNobodyRuns()
        }
        _ = try await worker.holder()
        try await worker.wait("that all is well", seconds: 120) { try await stack.status().state == "up" }
    }

    private func checkNewSettings(_ stack: TrialStack, _ worker: SoleWorker) async throws {
        let before = try await stack.status().service("clock", on: try await worker.holder()).pid
        try stack.write(SoleWorker.yaml.replacing("WORDS: one", with: "WORDS: two"))
        try await stack.succeed("up", "--detach")
        #expect(try await stack.status().state == "up")
        _ = try await worker.holder(besides: before)
        // A worker that leaves the stack ends at once.
        try stack.write(SoleWorker.yaml.replacing(SoleWorker.line, with: ""))
        let plan = try await stack.succeed("plan").output
        #expect(plan.contains("clock"))
        try await stack.succeed("up", "--detach")
        try worker.expectNobodyRuns()
        try stack.write(SoleWorker.yaml)
        try await stack.succeed("up", "--detach")
        _ = try await worker.holder()
    }
}

/// A worker that writes down, ten times a second, that it runs: its pid, and the milliseconds since the machine was
/// started.
private struct SoleWorker {
    let stack: TrialStack

    static let line = "    clock: {run: 'exec python3 beat.py', on: one, stop: 10s}\n"
    static let yaml = """
        app:
          run: '\(TrialStack.conduit)'
          env: {WORDS: one}
          workers:
            other: sleep 1000
        \(line)
        """
    private static let script = """
        import os, signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with open("beats", "a") as beats:
            while True:
                beats.write(f"{os.getpid()} {os.environ['TANDEM_HOST']} {time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000}\\n")
                beats.flush()
                time.sleep(0.1)
        """

    init(stack: TrialStack) {
        self.stack = stack
        _ = FileManager.default.createFile(atPath: "\(stack.folder)/beat.py", contents: Data(Self.script.utf8))
        // The worker may run as an account that cannot write to the folder.
        _ = FileManager.default.createFile(
            atPath: "\(stack.folder)/beats", contents: nil, attributes: [.posixPermissions: 0o666])
    }

    struct Run {
        var pid: Int
        var host: String
        var first: Int
        var last: Int
    }

    struct NeverSeen: Error { var what: String }

    /// In the order of their starts.
    func runs() throws -> [Run] {
        let text = try String(contentsOfFile: "\(stack.folder)/beats", encoding: .utf8)
        var runs: [Int: Run] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let pid = Int(words[0]), let time = Int(words[2]) else { continue }
            runs[pid, default: Run(pid: pid, host: String(words[1]), first: time, last: time)].last = time
        }
        return runs.values.sorted { $0.first < $1.first }
    }

    func expectNoOverlap(_ runs: [Run]) throws {
        for (earlier, later) in zip(runs, runs.dropFirst()) {
            #expect(earlier.last < later.first, "two ran at once: \(earlier) and \(later)")
        }
        #expect(Set(runs.map(\.host)) == ["server1", "server2"])
    }

    func expectNobodyRuns() throws {
        #expect(!stack.processes().contains { $0.contains("beat.py") })
    }

    /// The one host that runs it.
    func holder(besides pid: Int32? = nil) async throws -> String {
        var found: String?
        try await wait("a host that runs it", seconds: 60) {
            let running = try await stack.status().hosts.filter { host in
                host.services.contains { $0.name == "clock" && $0.state == "running" && $0.pid != pid }
            }
            found = running.first?.name
            return running.count == 1
        }
        return try #require(found)
    }

    func wait(_ what: String, seconds: Int, until isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try await !isSo() {
            guard ContinuousClock.now < deadline else { throw NeverSeen(what: what) }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    /// Kills what `isVictim` says of this stack's processes, by their command lines and hosts, as long as the body
    /// runs.
    func holdingDown(_ isVictim: @escaping @Sendable (String) -> Bool, _ body: () async throws -> Void) async throws {
        let stack = stack
        let killing = Task.detached {
            while !Task.isCancelled {
                for process in stack.processes() {
                    guard let pid = process.split(separator: " ").first.flatMap({ Int32($0) }) else { continue }
                    let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
                    let host =
                        environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                        .first { $0.hasPrefix("TANDEM_HOST=") } ?? ""
                    if isVictim("\(process) \(host)") { kill(pid, SIGKILL) }
                }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
        do {
            try await body()
        } catch {
            killing.cancel()
            await killing.value
            throw error
        }
        killing.cancel()
        await killing.value
    }
}

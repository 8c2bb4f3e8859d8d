import Foundation
import Testing

extension BesideTests {
    @Test("jobs run once each minute on one of two servers, as the app does, and status says how they ended")
    func jobs() async throws {
        let stack = try TrialStack.besides("itjobs", Self.jobYAML)
        do {
            try Data("hush".utf8).write(to: URL(fileURLWithPath: "\(stack.folder)/secret"))
            let plan = try await stack.succeed("plan").output
            #expect(plan.contains("tick") && plan.contains("new, at * * * * * UTC"))
            try await stack.succeed("up", "--detach")
            let rare = try #require(try await stack.status().jobs?.first { $0.name == "rare" })
            #expect(rare.state == "waiting" && rare.last == nil && rare.next_due.hasSuffix("-02-29T00:00:00Z"))
            try await checkTwoMinutes(stack)
            try await checkResults(stack)
            try await checkByHand(stack)
            try await checkNewSettings(stack)
            try await checkDeadHost(stack)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.succeed("down")
        #expect(stack.processes().isEmpty)
        #expect(try log("long", stack).contains("was ended because the services of"))
        try await stack.end()
    }

    private static let jobYAML = """
        app:
          run: '\(TrialStack.conduit)'
          env: {GREETING: hello}
          secrets: {KEY: {file: secret}}
          jobs:
            tick: {run: 'echo "ran $GREETING $KEY on $TANDEM_HOST in $PWD, port ${PORT-none}, ${DATABASE_URL%%:*}"', at: "* * * * *"}
            broken: {run: 'echo "this is wrong"; exit 3', at: "* * * * *"}
            slow: {run: exec sleep 1000, at: "* * * * *", timeout: 5s}
            long: {run: exec sleep 1001, at: "* * * * *"}
            rare: {run: echo rarely; exec sleep 1, at: "0 0 29 2 *"}
            fails: {run: exit 3, at: "0 0 29 2 *"}

        """

    /// What all hosts wrote of a job.
    private func log(_ job: String, _ stack: TrialStack) throws -> String {
        ["server1", "server2"].map { host in
            let path = "\(stack.stateFolder)/hosts/\(host)/log/\(job).log"
            return String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }.joined()
    }

    private func wait(_ what: String, seconds: Int, until isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try await !isSo() {
            guard ContinuousClock.now < deadline else { throw NeverSeen(what: what) }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    private struct NeverSeen: Error { var what: String }

    private func checkTwoMinutes(_ stack: TrialStack) async throws {
        try await wait("the second minute", seconds: 180) {
            try log("long", stack).contains("skipped what was due")
                && log("slow", stack).matches(of: /timeout/).count >= 4
        }
        let lines = try log("tick", stack).split(separator: "\n").map(String.init)
        let due = lines.compactMap { $0.firstMatch(of: /began; it was due at (\S+)/)?.output.1 }
        #expect(due.count >= 2 && Set(due).count == due.count, "\(lines)")
        let ran = lines.filter { $0.hasPrefix("ran hello hush on server") }
        #expect(
            ran.count == due.count && ran.allSatisfy { $0.hasSuffix(" in \(stack.folder), port none, mysql") },
            "\(lines)")
        #expect(lines.filter { $0.contains("tick exited with status 0") }.count == due.count)
        // Of the job that goes on there is one process.
        #expect(stack.processes().filter { $0.hasSuffix("sleep 1001 ") || $0.hasSuffix("sleep 1001") }.count == 1)
    }

    private func checkResults(_ stack: TrialStack) async throws {
        try await wait("the results", seconds: 30) {
            let jobs = try await stack.status().jobs ?? []
            return jobs.contains { $0.name == "slow" && $0.state == "failed" }
        }
        let status = try await stack.status()
        #expect(status.state == "up")
        #expect(status.jobs?.map(\.name) == ["tick", "broken", "slow", "long", "rare", "fails"])
        func job(_ name: String) throws -> Status.Job { try #require(status.jobs?.first { $0.name == name }) }
        let tick = try job("tick")
        #expect(tick.state == "succeeded" && tick.last?.exit_status == 0 && tick.at == "* * * * *")
        #expect(tick.last?.ended != nil && ["server1", "server2"].contains(tick.last?.host))
        let broken = try job("broken")
        #expect(broken.state == "failed" && broken.last?.exit_status == 3)
        #expect(broken.last?.detail == "exited with status 3")
        #expect(try job("slow").last?.detail == "was ended at its timeout" && job("slow").last?.exit_status == nil)
        #expect(try job("long").state == "running" && job("long").last?.ended == nil)
        let text = try await stack.succeed("status").output
        #expect(text.contains("✗ broken") && text.contains("exited with status 3 (server"), "\(text)")
        #expect(try await stack.succeed("logs", "broken").output.contains("this is wrong"))
    }

    /// The same path as a timed run: its lock, its log, and what `status` says.
    private func checkByHand(_ stack: TrialStack) async throws {
        let rare = try await stack.succeed("job", "rare")
        #expect(rare.errors.contains("rare runs on server1") && rare.errors.contains("exited with status 0"), "\(rare)")
        // Its own words, and those of its agent.
        #expect(rare.output.contains("rarely") && rare.output.contains("began; it was started by hand"), "\(rare)")
        let last = try await stack.status().jobs?.first { $0.name == "rare" }
        #expect(last?.state == "succeeded" && last?.last?.host == "server1" && last?.last?.exit_status == 0)
        let failed = try await stack.tandem("job", "fails")
        #expect(failed.status == 1 && failed.errors.contains("fails on server1 exited with status 3"), "\(failed)")
        let second = try await stack.tandem("job", "long")
        #expect(second.status == 1 && second.errors.contains("still goes on"), "\(second)")
        #expect(stack.processes().filter { $0.contains("sleep 1001") }.count == 1)
        let unknown = try await stack.tandem("job", "tik")
        #expect(unknown.status == 2 && unknown.errors.contains("did you mean 'tick'?"), "\(unknown)")
    }

    /// A run that is under way goes on while its host takes up other settings, and is ended by none of them.
    private func checkNewSettings(_ stack: TrialStack) async throws {
        let before = stack.processes().filter { $0.contains("sleep 1001") }
        try stack.write(Self.jobYAML.replacing("GREETING: hello", with: "GREETING: good-bye"))
        try await stack.succeed("up", "--detach")
        #expect(stack.processes().filter { $0.contains("sleep 1001") } == before && before.count == 1)
        #expect(try await stack.status().jobs?.first { $0.name == "long" }?.state == "running")
        try await wait("new settings", seconds: 90) { try log("tick", stack).contains("ran good-bye") }
    }

    /// The agent that finds a run gone says so.
    private func checkDeadHost(_ stack: TrialStack) async throws {
        let status = try await stack.status()
        let host = try #require(status.jobs?.first { $0.name == "long" }?.last?.host)
        let agent = try #require(try status.host(host).agent.pid)
        let process = try #require(stack.processes().first { $0.contains("sleep 1001") })
        let pid = try #require(process.split(separator: " ").first.flatMap { Int32($0) })
        // Frozen first, so that it sees nothing of the end.
        kill(agent, SIGSTOP)
        kill(pid, SIGKILL)
        kill(agent, SIGKILL)
        try await wait("that it was lost", seconds: 30) {
            try await stack.status().jobs?.first { $0.name == "long" }?.state == "lost"
        }
        let lost = try #require(try await stack.status().jobs?.first { $0.name == "long" })
        #expect(lost.last?.detail == "began, and did not end: \(host) was away" && lost.last?.ended == nil)
        // The job is free again at once, since its host has come back.
        try await wait("the next run", seconds: 90) {
            try await stack.status().jobs?.first { $0.name == "long" }?.state == "running"
        }
    }
}

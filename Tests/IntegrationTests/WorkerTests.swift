import Foundation
import Glibc
import Testing

extension IntegrationTests {
    @Test("workers run on both servers with the app's environment, come back when they end, and take up what is new")
    func workers() async throws {
        let stack = try TrialStack("itworkers", Self.workerYAML(greeting: "hello"))
        do {
            try Data("hush".utf8).write(to: URL(fileURLWithPath: "\(stack.folder)/secret"))
            try FileManager.default.createDirectory(atPath: "\(stack.folder)/work", withIntermediateDirectories: false)
            chmod("\(stack.folder)/work", 0o777)
            #expect(try await stack.succeed("plan").output.contains("mailer"))
            try await stack.succeed("up", "--detach")
            #expect(builds(stack) == 1)
            try await checkEnvironment(stack)
            try await checkComesBack(stack)
            #expect(builds(stack) == 2, "restart builds")
            try await stack.succeed("up", "--detach")
            try await stack.succeed("restart", "lb1/haproxy")
            #expect(builds(stack) == 2, "nothing of the app was started")
            try await checkNewSettings(stack)
            #expect(builds(stack) == 3, "a change of the app builds")
            try await checkFailedBuild(stack)
            try await checkRefusesUseless(stack)
        } catch {
            try await stack.end()
            throw error
        }
        try await stack.succeed("down")
        #expect(stack.processes().isEmpty)
        try await stack.end()
    }

    private static func workerYAML(greeting: String, more: String = "") -> String {
        """
        app:
          run: '\(TrialStack.conduit)'
          build: 'echo built >> work/builds; test ! -e work/broken'
          env: {GREETING: \(greeting)}
          secrets: {KEY: {file: secret}}
          workers:
            mailer: 'echo "began $GREETING on $TANDEM_HOST, port ${PORT-none}"; exec sleep 1000'
            importer: {run: sleep 1000, stop: 3s}
        \(more)
        """
    }

    private func builds(_ stack: TrialStack) -> Int {
        let text = String(
            decoding: FileManager.default.contents(atPath: "\(stack.folder)/work/builds") ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").count
    }

    /// A build that fails touches nothing that runs.
    private func checkFailedBuild(_ stack: TrialStack) async throws {
        try Data().write(to: URL(fileURLWithPath: "\(stack.folder)/work/broken"))
        let before = try await stack.status().service("app", on: "server1").pid
        let outcome = try await stack.tandem("restart", "app")
        #expect(outcome.status == 1, "\(outcome)")
        #expect(outcome.errors.contains("the build (app: build) exited with status 1"), "\(outcome)")
        #expect(try await stack.status().service("app", on: "server1").pid == before)
        unlink("\(stack.folder)/work/broken")
    }

    private func checkEnvironment(_ stack: TrialStack) async throws {
        let status = try await stack.status()
        #expect(status.state == "up")
        for host in ["server1", "server2"] {
            let mailer = try status.service("mailer", on: host)
            #expect(mailer.state == "running" && mailer.restarts == 0 && mailer.address.isEmpty)
            #expect(try status.service("importer", on: host).state == "running")
            let pid = try #require(mailer.pid)
            let environment = String(
                decoding: FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data(), as: UTF8.self)
            for words in ["KEY=hush\0", "DATABASE_URL=mysql://", "TANDEM_HOST=\(host)\0"] {
                #expect(environment.contains(words), "\(words)")
            }
        }
        let log = try await stack.succeed("logs", "mailer").output
        for host in ["server1", "server2"] { #expect(log.contains("began hello on \(host), port none")) }
    }

    private func checkComesBack(_ stack: TrialStack) async throws {
        let before = try #require(try await stack.status().service("mailer", on: "server2").pid)
        kill(before, SIGKILL)
        let after = try await running("mailer", on: "server2", besides: before, stack)
        #expect(after.restarts == 1)
        try await stack.succeed("restart", "server2/mailer")
        let restarted = try await stack.status().service("mailer", on: "server2")
        #expect(restarted.state == "running" && restarted.pid != after.pid && restarted.restarts == 1)
    }

    private func checkNewSettings(_ stack: TrialStack) async throws {
        try stack.write(
            Self.workerYAML(greeting: "good-bye").replacing("    importer: {run: sleep 1000, stop: 3s}\n", with: ""))
        let plan = try await stack.succeed("plan").output
        #expect(plan.contains("mailer") && plan.contains("environment GREETING") && plan.contains("importer"))
        let importers = try await stack.status().hosts.flatMap(\.services).filter { $0.name == "importer" }.compactMap(
            \.pid)
        try await stack.succeed("up", "--detach")
        let status = try await stack.status()
        #expect(status.state == "up" && !status.hosts.flatMap(\.services).contains { $0.name == "importer" })
        for pid in importers { #expect(kill(pid, 0) != 0, "process \(pid) of a worker that is gone") }
        let log = try await stack.succeed("logs", "mailer").output
        for host in ["server1", "server2"] { #expect(log.contains("began good-bye on \(host)")) }
    }

    /// A worker that cannot run is told, and the change is put back.
    private func checkRefusesUseless(_ stack: TrialStack) async throws {
        try stack.write(Self.workerYAML(greeting: "good-bye", more: "    broken: ./there-is-no-such-program"))
        let outcome = try await stack.tandem("up", "--detach")
        #expect(outcome.status == 1, "\(outcome)")
        #expect(outcome.errors.contains("broken on server") && outcome.errors.contains("put back"), "\(outcome)")
        let status = try await stack.status()
        #expect(status.state == "up" && !status.hosts.flatMap(\.services).contains { $0.name == "broken" })
    }

    /// Waits until a service runs as another process.
    private func running(
        _ service: String, on host: String, besides pid: Int32, _ stack: TrialStack
    ) async throws -> Status.HostState.Service {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let now = try await stack.status().service(service, on: host)
            if now.state == "running", now.pid != pid { return now }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw Missing(what: "\(service) on \(host) did not run again within 60 s")
    }

    private struct Missing: Error { var what: String }
}

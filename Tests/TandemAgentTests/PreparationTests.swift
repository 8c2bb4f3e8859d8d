import Foundation
import Glibc
import Synchronization
import TandemBlueprint
import TandemReplication
import TandemServices
import TandemStack
import Testing

@testable import TandemAgent

/// `app: prepare`: a migration that ran twice has written its rows twice.
@Suite("Preparing a version of the app")
struct PreparationTests {
    let folder: TemporaryFolder
    let state: StackFolder

    init() throws {
        folder = try TemporaryFolder()
        state = StackFolder(in: folder)
        for host in ["server1", "server2"] {
            try folder.make("state/run/\(host)")
            try folder.make("state/hosts/\(host)/log")
        }
    }

    private func preparation(
        _ command: String, on name: String = "server1", seconds: Int = 60, environment: [String: String] = [:],
        in state: StackFolder? = nil, preparedOn: @escaping @Sendable (Host) async throws -> [String] = { _ in [] }
    ) throws -> AppPreparation {
        let state = state ?? self.state
        var stack = Stack.sample("127.200.11")
        stack.app.prepare = command
        stack.app.prepareTimeoutSeconds = seconds
        stack.app.workingDirectory = folder.path
        stack.app.environment = environment
        let secrets = StackSecrets(
            database: DatabaseSecrets(root: "", replication: "", clone: "", monitor: "", app: "pw", appRead: "pw"),
            session: "", app: [:])
        let given = AppliedHost(applied: .sample(stack), secrets: secrets)
        return AppPreparation(
            given: given, host: try given.host(name), folder: state,
            service: try given.blueprint(host: name, folder: state).preparation, preparedOn: preparedOn,
            logger: quietLogger)
    }

    private func lines() -> [String] { folder.text("ran").split(separator: "\n").map(String.init) }
    private func log() -> String { folder.text("state/hosts/server1/log/prepare.log") }

    @Test("happens once, on one host, with the app's environment, however many instances wait for it")
    func once() async throws {
        let command = "echo \"$TANDEM_HOST $DATABASE_NAME\" >> ran; echo working; sleep 0.3"
        let first = try preparation(command)
        let second = try preparation(command, on: "server2")
        #expect(second.service == nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for one in [first, second, first, second, first] { group.addTask { try await one.ensure { _ in } } }
            try await group.waitForAll()
        }
        #expect(lines() == ["server1 shop"])
        #expect(log() == "working\n")
        try await first.ensure { _ in }
        #expect(lines().count == 1, "an instance that is started again prepares nothing")
    }

    @Test("is waited for by a host of its own, which asks the one that does it, and asks once")
    func elsewhere() async throws {
        let other = try TemporaryFolder()
        try other.make("state")
        let there = StackFolder(in: other)
        let asked = Mutex(0)
        let first = try preparation("echo run >> ran")
        let second = try preparation("echo run >> ran", on: "server2", in: there) { [state] host in
            #expect(host.name == "server1")
            // It may not answer at first.
            guard
                asked.withLock({
                    $0 += 1; return $0
                }) > 1
            else { throw CancellationError() }
            return PreparedVersions.load(state)
        }
        async let waiting: Void = second.ensure { _ in }
        try await eventually("it asks") { asked.withLock { $0 } > 2 }
        #expect(lines().isEmpty && PreparedVersions.load(there).isEmpty)
        try await first.ensure { _ in }
        try await waiting
        #expect(lines() == ["run"])
        let count = asked.withLock { $0 }
        try await second.ensure { _ in }
        #expect(asked.withLock { $0 } == count, "the first host may have gone by then")
    }

    @Test("happens again for another version, when it is asked for, and at the next start of the stack")
    func again() async throws {
        try await preparation("echo run >> ran").ensure { _ in }
        try await preparation("echo run >> ran", environment: ["COLOUR": "blue"]).ensure { _ in }
        #expect(lines().count == 2)
        try await preparation("echo run >> ran").run()
        #expect(lines().count == 3)
        state.forgetPrepared()
        try await preparation("echo run >> ran").ensure { _ in }
        #expect(lines().count == 4)
    }

    @Test("that fails is an error with its last words, and is not taken for done")
    func failure() async throws {
        let failing = try preparation("echo run >> ran; echo 'no such column' >&2; exit 3")
        for count in 1...2 {
            let error = await #expect(throws: PreparationFailure.self) { try await failing.ensure { _ in } }
            #expect(error?.description == "`prepare` on server1 exited with status 3:\nno such column")
            #expect(lines().count == count)
        }
    }

    @Test("that takes too long is ended, with all that it has started")
    func tooLong() async throws {
        var pid: Int32?
        // On a busy machine the time may be over before all of it has begun: then it gets more.
        for seconds in [1, 5, 25] where pid == nil {
            let slow = try preparation("(setsid sh -c 'echo $$ > own; exec sleep 60' &); sleep 60", seconds: seconds)
            let error = await #expect(throws: PreparationFailure.self) { try await slow.ensure { _ in } }
            #expect(error?.description == "`prepare` on server1 did not end within \(seconds) s (timeouts: prepare):")
            pid = Int32(folder.text("own").trimmingCharacters(in: .whitespacesAndNewlines))
        }
        let begun = try #require(pid)
        #expect(ProcessIdentity(pid: begun) == nil)
    }

    @Test("goes on when its agent ends, and never meets the one that the next agent begins")
    func agentEnds() async throws {
        // `mkdir` fails where another one is at work. It goes on until it is let go, however long that takes here.
        let command = """
            mkdir working || { echo met >> ran; exit 1; }; echo run >> ran
            while [ ! -e go ]; do sleep 0.02; done; rmdir working; echo done >> ran
            """
        let first = try preparation(command)
        let agent = Task { try await first.ensure { _ in } }
        try await eventually("it runs") { lines() == ["run"] }
        agent.cancel()
        await #expect(throws: CancellationError.self) { try await agent.value }
        #expect(ServiceRecord.load("\(state.records("server1"))/prepare.json") != nil)
        let second = try preparation(command)
        let waits = Mutex(false)
        let next = Task {
            try await second.ensure { words in
                if words.contains("begun earlier") { waits.withLock { $0 = true } }
            }
        }
        try await eventually("the next one waits for it") { waits.withLock { $0 } }
        #expect(lines() == ["run"])
        try folder.put("go", "")
        try await next.value
        // Nobody knows how the first one ended.
        #expect(lines() == ["run", "done", "run", "done"])
    }

    @Test("leaves no lock behind when it is killed")
    func killed() async throws {
        let command = "echo $$ >> ran; [ -e again ] || sleep 60"
        let first = try preparation(command)
        let agent = Task { try await first.ensure { _ in } }
        try await eventually("it runs") { lines().count == 1 }
        agent.cancel()
        _ = try? await agent.value
        try folder.put("again", "")
        let record = try #require(ServiceRecord.load("\(state.records("server1"))/prepare.json"))
        record.identity.kill()
        try await preparation(command).ensure { _ in }
        #expect(lines().count == 2)
    }
}

import Foundation
import Glibc
import Synchronization
import TandemBlueprint
import TandemReplication
import TandemServices
import TandemTopology
import Testing

@testable import TandemAgent

/// Restart loops of one service that is a shell script, one after the other as agents come and go.
final class Bench: Sendable {
    let folder: TemporaryFolder
    let layout: Layout
    private let started = Mutex<[RunningProcess]>([])

    init() throws {
        folder = try TemporaryFolder()
        layout = Layout(
            hostFolder: folder.path, socketFolder: folder.path, programs: .none, front: nil)
        for name in ["log", "tmp", "etc"] { try folder.make(name) }
    }

    deinit {
        // What a failed test has left running.
        if let record = ServiceRecord.load(recordFile) { record.identity.signalGroup(SIGKILL) }
    }

    var recordFile: String { "\(folder.path)/app.json" }
    var record: ServiceRecord? { ServiceRecord.load(recordFile) }

    /// A script that is ready when the file `ready` is there.
    func service(
        _ script: String, name: ServiceName = .app, check: [String]? = nil, startTimeoutSeconds: Int = 60,
        environment: [String: EnvironmentValue] = [:], reloadSignal: Int32? = nil, port: Int? = nil
    ) -> ServiceBlueprint {
        ServiceBlueprint(
            name: name, command: ["/bin/sh", "-c", script], check: check, environment: environment,
            workingDirectory: folder.path, account: .application, readiness: .database,
            startTimeoutSeconds: startTimeoutSeconds,
            stop: .init(signal: SIGTERM, boundSeconds: 10), reloadSignal: reloadSignal,
            listeners: port.map { [.init(address: "127.200.9.1", port: $0, reach: .host)] } ?? [])
    }

    func supervisor(
        _ service: ServiceBlueprint,
        prepare: @escaping @Sendable (@Sendable (String) async -> Void) async throws -> Void = { _ in },
        turn: @escaping @Sendable () async -> Void = {}, right: (any RunRight)? = nil
    ) -> RestartLoop {
        let secrets = StackSecrets(
            database: DatabaseSecrets(root: "", replication: "", clone: "", monitor: "", app: "", appRead: ""),
            session: "", app: ["KEY": "hush"])
        let ready = "\(folder.path)/ready"
        return RestartLoop(
            process: ServiceProcess(
                service: service,
                starter: ProcessStarter(applied: .sample(.sample("127.200.9")), secrets: secrets, layout: layout),
                recordFile: recordFile),
            hooks: .init(
                prepare: prepare, isReady: { access(ready, F_OK) == 0 },
                stop: { await $0.stop(signal: service.stop.signal, bound: .seconds(service.stop.boundSeconds)) },
                turn: turn, right: right),
            reports: nil, logger: quietLogger)
    }

    func log() -> [String] { folder.text("log/app.log").split(separator: "\n").map(String.init) }

    func running(_ supervisor: RestartLoop) async throws -> Int32 {
        try await eventually("it runs") { await supervisor.status.state == .running }
        return try #require(await supervisor.status.pid)
    }

    func isAlive(_ pid: Int32) -> Bool { ProcessIdentity(pid: pid) != nil }
}

@Suite("A supervised service")
struct SupervisorTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    private static let serves = "echo up; touch ready; while :; do sleep 0.05; done"

    @Test("is running once it can serve, with its secrets, its address and a record of it")
    func starts() async throws {
        let supervisor = bench.supervisor(
            bench.service("echo $KEY; \(Self.serves)", environment: ["KEY": .init([.secret("app.KEY")])]))
        let running = Task { await supervisor.run() }
        let pid = try await bench.running(supervisor)
        let status = await supervisor.status
        #expect(status.name == "app" && status.address == "" && status.restarts == 0)
        #expect(bench.record?.identity.pid == pid)
        #expect(bench.log() == ["hush", "up"])
        #expect(!bench.folder.text("app.json").contains("hush"))
        await supervisor.stop()
        await running.value
    }

    @Test("that nobody can ask is running once it has not ended for a moment")
    func steady() async throws {
        try bench.folder.put("ready", "")
        var service = bench.service("echo up; sleep 0.3; test -e good && exec sleep 60")
        service.readiness = .running
        let supervisor = bench.supervisor(service)
        let running = Task { await supervisor.run() }
        try await eventually("it has ended twice") { await supervisor.restarts >= 2 }
        #expect(await supervisor.status.state == .starting)
        try bench.folder.put("good", "")
        let pid = try await bench.running(supervisor)
        #expect(bench.isAlive(pid))
        await supervisor.stop()
        await running.value
    }

    @Test(
        "is running only once one of its own listens: who answered before may have been a stranger who is gone for a moment"
    )
    func listens() async throws {
        try bench.folder.put("ready", "")
        let script = """
            exec python3 -c '
            import os, socket, time
            print("up", flush=True)
            while not os.path.exists("listen"): time.sleep(0.02)
            s = socket.socket()
            s.bind(("127.200.9.1", 24701))
            s.listen()
            time.sleep(60)
            '
            """
        let supervisor = bench.supervisor(bench.service(script, port: 24_701))
        let running = Task { await supervisor.run() }
        try await eventually("it was started") { bench.log() == ["up"] }
        try await Task.sleep(for: .milliseconds(300))
        #expect(await supervisor.status.state == .starting)
        try bench.folder.put("listen", "")
        _ = try await bench.running(supervisor)
        #expect(await supervisor.status.address == "127.200.9.1:24701")
        await supervisor.stop()
        await running.value
    }

    @Test("keeps a stranger in mind who goes away, until one of its own listens", .enabled(if: geteuid() == 0))
    func strangerInBursts() async throws {
        try bench.folder.put("ready", "")
        let supervisor = bench.supervisor(bench.service(Self.serves, port: 24_702))
        let running = Task { await supervisor.run() }
        try await eventually("it was started") { bench.log() == ["up"] }
        let theirs = ListeningSocket(address: "127.200.9.1", port: 24_702, user: 65_534, inode: 1)
        #expect(await !supervisor.lookForStrangers(among: ListeningSockets(all: [theirs])))
        #expect(await !supervisor.lookForStrangers(among: ListeningSockets(all: [])))
        let own = ListeningSocket(address: "127.200.9.1", port: 24_702, user: 0, inode: 2)
        #expect(await supervisor.lookForStrangers(among: ListeningSockets(all: [own])))
        await supervisor.stop()
        await running.value
    }

    @Test("is starting, not running, while it is not ready")
    func notReady() async throws {
        let supervisor = bench.supervisor(bench.service("echo up; while :; do sleep 0.05; done"))
        let running = Task { await supervisor.run() }
        try await eventually("it was started") { bench.log() == ["up"] }
        #expect(await supervisor.status.state == .starting)
        try bench.folder.put("ready", "")
        _ = try await bench.running(supervisor)
        await supervisor.stop()
        await running.value
    }

    @Test("is replaced when it is frozen, as a whole, and says so meanwhile")
    func frozen() async throws {
        let supervisor = bench.supervisor(bench.service("echo up; touch ready; sleep 60 & wait"))
        let running = Task { await supervisor.run() }
        let first = try await bench.running(supervisor)
        #expect(kill(-first, SIGSTOP) == 0)
        try await eventually("another one runs") {
            let status = await supervisor.status
            return status.state == .running && status.pid != first
        }
        #expect(!bench.isAlive(first))
        #expect(await supervisor.status.restarts == 1)
        await supervisor.stop()
        await running.value
    }

    @Test("is started again when it is killed, and what it left behind is gone first")
    func killed() async throws {
        let supervisor = bench.supervisor(bench.service("echo up; touch ready; sleep 60 & sleep 60 & wait"))
        let running = Task { await supervisor.run() }
        let first = try await bench.running(supervisor)
        let group = try #require(bench.record).identity
        try await eventually("its workers are there") { group.groupMembers.count == 3 }
        kill(first, SIGKILL)
        try await eventually("it was started again") { await supervisor.status.restarts == 1 }
        let second = try await bench.running(supervisor)
        #expect(second != first)
        #expect(group.groupMembers.isEmpty)
        #expect(bench.record?.restarts == 1)
        await supervisor.stop()
        await running.value
    }

    @Test("goes on when its agent ends, and the next one adopts it as it is")
    func adopted() async throws {
        let service = bench.service(Self.serves)
        let first = bench.supervisor(service)
        let running = Task { await first.run() }
        let pid = try await bench.running(first)
        kill(pid, SIGKILL)
        try await eventually("it was started again") { await first.status.restarts == 1 }
        let again = try await bench.running(first)
        running.cancel()
        await running.value
        #expect(bench.isAlive(again))

        // An older start than this second, so that the time can be told from now.
        var record = try #require(bench.record)
        record.since = "2026-01-01T00:00:00Z"
        try AtomicFile.write(record, to: bench.recordFile)
        let second = bench.supervisor(service)
        let runningAgain = Task { await second.run() }
        #expect(try await bench.running(second) == again)
        let status = await second.status
        #expect(status.restarts == 1 && status.since == "2026-01-01T00:00:00Z")
        // It counts as ready by a file of the first one's, so it may not have said anything yet.
        try await eventually("it has begun") { bench.log().count == 2 }
        await second.stop()
        await runningAgain.value
        #expect(!bench.isAlive(again))
        #expect(bench.log() == ["up", "up"])
    }

    @Test("is started again by the next agent when its settings have changed")
    func changed() async throws {
        let first = bench.supervisor(bench.service(Self.serves))
        let running = Task { await first.run() }
        let pid = try await bench.running(first)
        running.cancel()
        await running.value
        let second = bench.supervisor(bench.service(Self.serves, environment: ["NEW": "1"]))
        let runningAgain = Task { await second.run() }
        // The old one serves until then.
        try await eventually("it has its settings") { await second.isSettled }
        #expect(try await bench.running(second) != pid)
        #expect(!bench.isAlive(pid))
        await second.stop()
        await runningAgain.value
    }

    @Test("fails at once, and not after five tries, when the shell cannot run its command", arguments: [126, 127])
    func useless(_ status: Int) async throws {
        let supervisor = bench.supervisor(bench.service("echo up; exit \(status)"))
        let running = Task { await supervisor.run() }
        try await eventually("it has failed") { await supervisor.status.state == .failed }
        #expect(bench.log() == ["up"])
        let detail = try #require(await supervisor.status.detail)
        #expect(detail.contains("exited with status \(status)"))
        #expect(detail.contains(status == 126 ? "chmod +x" : "on PATH"))
        await supervisor.stop()
        await running.value
    }

    @Test("is started again when it is restarted only after what it left behind has finished")
    func restartWaitsForChildren() async throws {
        // The shell ends at once; its child has a request in its hands for longer than what an app that died leaves
        // behind gets. It counts as ready once the child knows what to do with the signal.
        let trap = #"trap "sleep 2; echo finished; exit 0" TERM"#
        let worker = "sh -c '\(trap); touch ready; while :; do sleep 0.05; done'"
        let supervisor = bench.supervisor(bench.service("echo up; \(worker) & wait"))
        let running = Task { await supervisor.run() }
        let pid = try await bench.running(supervisor)
        try await supervisor.restart()
        try await eventually("another one runs") {
            let status = await supervisor.status
            return status.state == .running && status.pid != pid
        }
        // It counts as ready by a file of the first one's, so it may not have said anything yet.
        try await eventually("it has begun") { bench.log().count == 3 }
        #expect(bench.log() == ["up", "finished", "up"])
        await supervisor.stop()
        await running.value
    }

    @Test("takes what it left behind in sessions of their own with it when it is stopped")
    func ownSessions() async throws {
        let supervisor = bench.supervisor(
            bench.service("(setsid sh -c 'echo $$ > own; exec sleep 60' &); touch ready; exec sleep 60"))
        let running = Task { await supervisor.run() }
        _ = try await bench.running(supervisor)
        try await eventually("it is there") { bench.folder.text("own").hasSuffix("\n") }
        let pid = try #require(Int32(bench.folder.text("own").dropLast()))
        #expect(bench.isAlive(pid))
        await supervisor.stop()
        #expect(!bench.isAlive(pid))
        await running.value
    }

    @Test("is started anew by the next agent when only its workers are left, and they are ended first")
    func orphans() async throws {
        let service = bench.service("echo up; touch ready; sleep 60 & sleep 60 & wait")
        let first = bench.supervisor(service)
        let running = Task { await first.run() }
        let pid = try await bench.running(first)
        let group = try #require(bench.record).identity
        try await eventually("its workers are there") { group.groupMembers.count == 3 }
        running.cancel()
        await running.value
        kill(pid, SIGKILL)
        try await eventually("only workers are left") { group.groupMembers.count == 2 }
        let second = bench.supervisor(service)
        let runningAgain = Task { await second.run() }
        #expect(try await bench.running(second) != pid)
        #expect(group.groupMembers.isEmpty)
        #expect(await second.status.restarts == 1)
        await second.stop()
        await runningAgain.value
    }

    @Test("is not started with files that its program refuses, and says in the program's words why")
    func check() async throws {
        let supervisor = bench.supervisor(
            bench.service(Self.serves, check: ["/bin/sh", "-c", "echo 'line 3: bad word' >&2; exit 1"]))
        let running = Task { await supervisor.run() }
        try await eventually("the reason is there") {
            await supervisor.status.detail?.contains("line 3: bad word") == true
        }
        let status = await supervisor.status
        #expect(status.detail?.contains("cannot check the files of app: /bin/sh exited with status 1:") == true)
        #expect(status.pid == nil)
        #expect(bench.log() == [])
        #expect(bench.record == nil)
        await supervisor.stop()
        await running.value
    }

    @Test("has failed after five deaths, with the last lines of its log as the reason")
    func fails() async throws {
        let supervisor = bench.supervisor(bench.service("echo cannot find the database; exit 3"))
        let running = Task { await supervisor.run() }
        try await eventually("it has failed") { await supervisor.status.state == .failed }
        let status = await supervisor.status
        #expect(status.restarts == 5 && status.pid == nil)
        #expect(status.detail == "it exited with status 3\ncannot find the database", "said once, not five times")
        await supervisor.stop()
        await running.value
        #expect(await supervisor.status.state == .stopped)
    }

    @Test("that has failed is started at once when somebody asks for a restart, and is not called failed meanwhile")
    func restartedAfterFailure() async throws {
        let supervisor = bench.supervisor(bench.service("[ -e mended ] || exit 3; exec sleep 60"))
        let running = Task { await supervisor.run() }
        try await eventually("it has failed") { await supervisor.status.state == .failed }
        try bench.folder.put("mended", "")
        try await supervisor.restart()
        // It cannot be ready yet, however late this is asked.
        #expect(await supervisor.status.state == .starting)
        try bench.folder.put("ready", "")
        _ = try await bench.running(supervisor)
        await supervisor.stop()
        await running.value
    }

    @Test("has failed for what it says today, not for what it said when it last served")
    func earlierLines() async throws {
        try bench.folder.put("log/app.log", "all is well\n")
        // It ends once it was seen to serve.
        let script = """
            [ -e ready ] && { echo the key is missing; exit 3; }
            echo up; touch ready; while [ ! -e served ]; do sleep 0.02; done; exit 4
            """
        let supervisor = bench.supervisor(bench.service(script))
        let running = Task { await supervisor.run() }
        _ = try await bench.running(supervisor)
        try bench.folder.put("served", "")
        try await eventually("it has failed") { await supervisor.status.state == .failed }
        #expect(bench.log().prefix(3) == ["all is well", "up", "the key is missing"])
        #expect(await supervisor.status.detail == "it exited with status 3\nthe key is missing")
        await supervisor.stop()
        await running.value
    }

    @Test("is started again when it is not ready in time, and that is the reason that is given")
    func tooLate() async throws {
        let supervisor = bench.supervisor(
            bench.service("echo up; while :; do sleep 0.05; done", startTimeoutSeconds: 0))
        let running = Task { await supervisor.run() }
        // It may be ended before it has said anything.
        try await eventually("it was started again") { await supervisor.status.restarts >= 2 }
        try await eventually("the reason is given") {
            await supervisor.status.detail?.hasPrefix("it was not ready within 0 s") == true
        }
        await supervisor.stop()
        await running.value
        #expect(await supervisor.status.state == .stopped)
    }

    @Test("is stopped for good, and nobody adopts it any more")
    func stops() async throws {
        let supervisor = bench.supervisor(
            bench.service("trap 'echo bye; exit 0' TERM; \(Self.serves)"))
        let running = Task { await supervisor.run() }
        let pid = try await bench.running(supervisor)
        await supervisor.stop()
        await running.value
        let status = await supervisor.status
        #expect(status.state == .stopped && status.pid == nil && status.restarts == 0)
        #expect(bench.log() == ["up", "bye"])
        #expect(!bench.isAlive(pid))
        #expect(bench.record == nil)
    }

    @Test("is stopped while it waits for what it needs, and stays stopped though that comes")
    func stoppedWhileWaiting() async throws {
        let path = bench.folder.path
        let supervisor = bench.supervisor(bench.service(Self.serves)) { waitsFor in
            while access("\(path)/go", F_OK) != 0 {
                await waitsFor("waiting for go")
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        let running = Task { await supervisor.run() }
        try await eventually("it waits") { await supervisor.status.detail == "waiting for go" }
        await supervisor.stop()
        #expect(await supervisor.status.state == .stopped)
        try bench.folder.put("go", "")
        await running.value
        #expect(await supervisor.status.state == .stopped)
        #expect(bench.log() == [])
    }

    @Test("is stopped while its files are checked, and is not started after that")
    func stoppedWhileChecking() async throws {
        let path = bench.folder.path
        let supervisor = bench.supervisor(
            bench.service(
                Self.serves,
                check: ["/bin/sh", "-c", "touch \(path)/checking; while [ ! -e \(path)/go ]; do sleep 0.02; done"]))
        let running = Task { await supervisor.run() }
        try await eventually("it is checked") { access("\(path)/checking", F_OK) == 0 }
        await supervisor.stop()
        try bench.folder.put("go", "")
        await running.value
        #expect(await supervisor.status.state == .stopped)
        #expect(bench.log() == [])
        #expect(bench.record == nil)
    }

    @Test("is stopped at any moment of its start without leaving a process")
    func stoppedAnytime() async throws {
        for delay in 0..<12 {
            let bench = try Bench()
            let supervisor = bench.supervisor(bench.service(Self.serves, check: ["/bin/true"]))
            let running = Task { await supervisor.run() }
            try await Task.sleep(for: .milliseconds(delay))
            await supervisor.stop()
            await running.value
            #expect(await supervisor.status.state == .stopped)
            #expect(bench.record == nil)
            #expect(processes(in: bench.folder.path).isEmpty)
        }
    }

    /// Processes whose working directory is the test's folder.
    private func processes(in folder: String) -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }.filter { pid in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) == folder
                && ProcessIdentity(pid: pid) != nil
        }
    }
}

@Suite("A program that is run to its end")
struct CommandTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ script: String, bound: Duration = .seconds(60)) async throws {
        try await Command.run(
            ProcessSpecification(
                command: ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], workingDirectory: "/",
                logFile: "\(folder.path)/log"),
            doing: "try it", bound: bound)
    }

    @Test("is fine when it ends with 0, and its words of the last time are gone")
    func fine() async throws {
        try await run("echo one")
        try await run("echo two")
        #expect(folder.text("log") == "two\n")
    }

    @Test("is an error with its own last words when it does not")
    func words() async {
        await #expect(
            throws: StateError("cannot try it: /bin/sh exited with status 4:\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11")
        ) {
            try await run("seq 1 11; exit 4")
        }
    }

    @Test("is ended, with its children, when it takes too long")
    func tooLong() async throws {
        var pid: Int32?
        // On a busy machine the time may be over before it has begun: then it gets more.
        for seconds in [1, 5, 25] where pid == nil {
            let error = await #expect(throws: StateError.self) {
                try await run("echo $$ > \(folder.path)/pid; sleep 60 & sleep 60", bound: .seconds(seconds))
            }
            #expect(error?.description.contains("did not end within") == true)
            pid = Int32(folder.text("pid").trimmingCharacters(in: .newlines))
        }
        let begun = try #require(pid)
        #expect(ProcessIdentity(pid: begun) == nil)
    }
}

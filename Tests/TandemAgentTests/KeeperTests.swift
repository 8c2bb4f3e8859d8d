import Foundation
import Glibc
import TandemBlueprint
import TandemServices
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent
@testable import TandemKeeper

@Suite("The stop of a stack")
struct StopPlanTests {
    private func words(_ stack: Stack, primary: String? = "server1", hasStore: Bool = true) -> [String] {
        StopPlan.steps(stack, primary: primary, hasStore: hasStore).map { step in
            "\(step.text): \(step.service.rawValue) on \(step.hosts.map(\.name).joined(separator: ", "))"
        }
    }

    @Test("begins with those who let requests in, and ends with the primary and etcd")
    func order() {
        #expect(
            words(.sample("127.200.9")) == [
                "haproxy stopped: haproxy on lb1, lb2", "nginx stopped: nginx on server1, server2",
                "app stopped: app on server1, server2", "router stopped: router on server1, server2",
                "replica stopped: mysql on server2", "primary stopped: mysql on server1",
                "etcd stopped: etcd on lb1, server1, server2",
            ])
    }

    @Test("ends the workers after the app, and before the way to the database")
    func workers() {
        var stack = Stack.sample("127.200.9")
        stack.app.workers = [Worker(name: "mailer", run: "x", stopTimeoutSeconds: 40)]
        #expect(
            words(stack)[2...4] == [
                "app stopped: app on server1, server2", "workers stopped: workers on server1, server2",
                "router stopped: router on server1, server2",
            ])
        #expect(stack.app.longestStopSeconds == 40)
    }

    @Test("ends the jobs before all else, and only where there are any")
    func jobs() throws {
        var stack = Stack.sample("127.200.9")
        stack.app.jobs = [
            Job(name: "digest", run: "x", schedule: try CronSchedule(parsing: "@daily"), stopTimeoutSeconds: 50)
        ]
        #expect(words(stack).first == "jobs stopped: jobs on server1, server2" && stack.app.longestStopSeconds == 50)
    }

    @Test("stops who leads last, wherever the file lists it, and all databases together where nobody knows")
    func movedPrimary() {
        #expect(
            words(.sample("127.200.9"), primary: "server2", hasStore: false).suffix(2) == [
                "replica stopped: mysql on server1", "primary stopped: mysql on server2",
            ])
        for primary in [nil, "server9"] {
            #expect(
                words(.sample("127.200.9"), primary: primary, hasStore: false).last
                    == "primary stopped: mysql on server1, server2")
        }
    }

    @Test("of a stack with one database has no replica to wait for")
    func solo() {
        #expect(
            words(.sample("127.200.9", hosts: ["lb1", "server1"]), hasStore: false).suffix(2) == [
                "router stopped: router on server1", "primary stopped: mysql on server1",
            ])
    }
}

@Suite("What a keeper that is gone has left")
struct LeftoversTests {
    @Test("is ended as a whole, agents first, so that nothing is started again")
    func order() async throws {
        let folder = try TemporaryFolder()
        let state = StackFolder(in: folder)
        for host in ["lb1", "server1"] { try folder.make("state/run/\(host)") }
        var processes: [RunningProcess] = []
        for name in ["lb1/agent", "lb1/haproxy", "server1/agent", "server1/aaa", "server1/mysql"] {
            let process = try RunningProcess.start(
                ProcessSpecification(
                    command: ["/bin/sleep", "60"], environment: [:], workingDirectory: "/",
                    logFile: "\(folder.path)/log"))
            processes.append(process)
            try AtomicFile.write(
                ServiceRecord(identity: process.identity, since: "", restarts: 0, fingerprint: ""),
                to: "\(state.path)/run/\(name).json")
        }
        let leftovers = Leftovers(applied: .sample(.sample("127.200.9")), folder: state)
        let order = leftovers.inOrder.map { $0.dropFirst("\(state.path)/run/".count) }
        #expect(order.prefix(2) == ["lb1/agent.json", "server1/agent.json"])
        #expect(
            Set(order) == [
                "lb1/agent.json", "server1/agent.json", "lb1/haproxy.json", "server1/aaa.json",
                "server1/mysql.json",
            ])
        #expect(leftovers.areAny && leftovers.hasAgents)
        leftovers.end()
        #expect(!leftovers.areAny && leftovers.inOrder.isEmpty)
        for process in processes { #expect(await process.waitForEnd() != nil) }
    }
}

@Suite("A keeper that is watched")
struct KeeperWatchTests {
    @Test("is ended when it hangs, with the one signal that it hears then", .timeLimit(.minutes(1)))
    func hangs() async throws {
        let folder = try TemporaryFolder()
        let preparation = StackPreparation(.sample("127.200.9"), in: folder)
        try preparation.makeFolders()
        defer { try? FileManager.default.removeItem(atPath: preparation.folder.socketRoot) }
        try preparation.write(preparation.applied)
        let keeper = try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sleep", "60"], environment: [:], workingDirectory: "/",
                logFile: "\(folder.path)/keeper.log"))
        kill(keeper.identity.pid, SIGSTOP)
        try AtomicFile.write(
            KeeperState(identity: keeper.identity, phase: .running, steps: []), to: preparation.folder.keeperFile)
        // The last host: it leaves the others time to start a new one.
        let watch = KeeperWatch(
            folder: preparation.folder, hostName: "server2", program: "/bin/true", logger: quietLogger)
        let watching = Task { await watch.run() }
        // Whoever of the two that wait comes first learns how it ended. Stopped as it is, it hears nothing but SIGKILL.
        #expect(await keeper.waitForEnd() != nil)
        watching.cancel()
        await watching.value
    }
}

@Suite("A process that is frozen in part")
struct PartlyFrozenTests {
    @Test("is over where its children serve for it, and goes on where they are watched for themselves")
    func children() async throws {
        let folder = try TemporaryFolder()
        let process = try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sh", "-c", "sleep 60 & wait"], environment: ["PATH": "/usr/bin:/bin"],
                workingDirectory: "/", logFile: "\(folder.path)/log"))
        try await eventually("its child is there") { process.groupMembers.count == 2 }
        let child = try #require(process.groupMembers.first { $0 != process.identity.pid })
        kill(child, SIGSTOP)
        let alone = Task { await LivenessWatch(process: process, isWithChildren: false).run() }
        let reason = await LivenessWatch(process: process, isWithChildren: true).run()
        #expect(reason == "it was frozen (stopped by a signal)")
        // As many more looks as condemn.
        try await Task.sleep(for: LivenessWatch.lookInterval * LivenessVerdict.mostStoppedLooks)
        await process.stop(signal: SIGKILL, bound: .seconds(5))
        #expect(await alone.value == nil)
        await process.identity.sweep()
    }
}

@Suite("How long a service may be silent")
struct SilenceTests {
    @Test("is short for servers, and for apps as long as a request may take")
    func bounds() {
        func bound(_ service: ServiceName, _ seconds: Int) -> Duration {
            LivenessWatch.silenceBound(of: service, requestTimeoutSeconds: seconds)
        }
        #expect(bound(.nginx, 300) == .seconds(8) && bound(.haproxy, 300) == .seconds(8))
        #expect(bound(.app, 300) == .seconds(300) && bound(.app, 5) == .seconds(30))
    }
}

@Suite("A host that stays down")
struct HostAbsenceTests {
    @Test("does so until it is told otherwise, and for a minute at most whatever happens")
    func bound() throws {
        let temporary = try TemporaryFolder()
        let preparation = StackPreparation(.sample("127.80.0"), in: temporary)
        try preparation.makeFolders()
        let folder = preparation.folder
        let absence = HostAbsence(folder: folder, host: "lb1")
        let now = Date()
        #expect(!absence.isLasting())
        try absence.begin()
        #expect(absence.isLasting() && absence.isLasting(now: now + 58))
        #expect(!absence.isLasting(now: now + 61), "it ends although the drill and its healer were killed")
        #expect(!absence.isLasting(now: now - 600), "the clock was set back")
        #expect(!HostAbsence(folder: folder, host: "lb2").isLasting())
        absence.end()
        #expect(!absence.isLasting())
    }
}

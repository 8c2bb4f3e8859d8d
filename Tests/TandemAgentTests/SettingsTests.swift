import Foundation
import Glibc
import TandemBlueprint
import TandemServices
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

/// A service that runs, an agent that begins anew with other settings for it.
@Suite("A service that runs, when its settings change")
struct SettingsTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    private static let serves = "echo up; touch ready; while :; do sleep 0.05; done"
    /// As nginx does: a signal makes it read its file anew and start a worker with it.
    private static let reloads = "trap 'echo reloaded; sleep 60 &' HUP; \(serves)"

    private func nginx(check: [String]? = nil) -> ServiceBlueprint {
        bench.service(Self.reloads, name: .nginx, check: check, reloadSignal: SIGHUP)
    }

    private var log: [String] { bench.folder.text("log/nginx.log").split(separator: "\n").map(String.init) }

    /// Runs a first agent's supervisor until the service serves; then that agent is gone.
    private func begin(_ service: ServiceBlueprint) async throws -> Int32 {
        let supervisor = bench.supervisor(service)
        let running = Task { await supervisor.run() }
        let pid = try await bench.running(supervisor)
        running.cancel()
        await running.value
        return pid
    }

    @Test("goes on as the same process with new files where it can reload them")
    func reload() async throws {
        try bench.folder.put("etc/nginx.conf", "one\n")
        let pid = try await begin(nginx())
        try bench.folder.put("etc/nginx.conf", "two\n")
        let second = bench.supervisor(nginx())
        let running = Task { await second.run() }
        try await eventually("it serves with its new files") { await second.isSettled }
        let status = await second.status
        #expect(status.pid == pid && status.state == .running)
        // The program writes it after it has the signal.
        try await eventually("it has reloaded") { log == ["up", "reloaded"] }
        running.cancel()
        await running.value

        // The record says so: a third agent has nothing to do.
        let third = bench.supervisor(nginx())
        let runningAgain = Task { await third.run() }
        try await eventually("it is adopted") { await third.isSettled }
        #expect(log == ["up", "reloaded"])
        await third.stop()
        await runningAgain.value
    }

    @Test("is not said to have its new files while it is only starting: it may have read the earlier ones")
    func reloadAtStart() async throws {
        // It knows what to do with the signal before it says that it is there.
        let script = "trap 'echo reloaded; sleep 60 &' HUP; echo up; while :; do sleep 0.05; done"
        let supervisor = bench.supervisor(bench.service(script, name: .nginx, reloadSignal: SIGHUP))
        // It will read them when it is started.
        #expect(try await supervisor.reload())
        let running = Task { await supervisor.run() }
        try await eventually("it starts") { log == ["up"] }
        #expect(try await !supervisor.reload())
        #expect(log == ["up"])
        try bench.folder.put("ready", "")
        _ = try await bench.running(supervisor)
        #expect(try await supervisor.reload())
        try await eventually("it has reloaded") { log == ["up", "reloaded"] }
        await supervisor.stop()
        await running.value
    }

    @Test("is not touched for a comment in its file")
    func comment() async throws {
        try bench.folder.put("etc/nginx.conf", "one\n")
        let pid = try await begin(nginx())
        try bench.folder.put("etc/nginx.conf", "# what it says\none\n")
        let second = bench.supervisor(nginx())
        let running = Task { await second.run() }
        #expect(try await bench.running(second) == pid)
        #expect(log == ["up"])
        await second.stop()
        await running.value
    }

    @Test("goes on with its earlier files when its program refuses the new ones, and says why")
    func refused() async throws {
        try bench.folder.put("etc/nginx.conf", "one\n")
        let pid = try await begin(nginx())
        try bench.folder.put("etc/nginx.conf", "two\n")
        let second = bench.supervisor(nginx(check: ["/bin/sh", "-c", "echo 'line 3: bad word'; exit 1"]))
        let running = Task { await second.run() }
        try await eventually("it is said") { await second.status.state == .failed }
        #expect(await second.status.detail?.contains("line 3: bad word") == true)
        #expect(await second.isSettled == false)
        #expect(bench.isAlive(pid) && log == ["up"])
        running.cancel()
        await running.value

        // Put back, it is as if nothing had been.
        try bench.folder.put("etc/nginx.conf", "one\n")
        let third = bench.supervisor(nginx())
        let runningAgain = Task { await third.run() }
        #expect(try await bench.running(third) == pid)
        await third.stop()
        await runningAgain.value
    }

    @Test("is not ended for new settings before it is its turn")
    func turn() async throws {
        let pid = try await begin(bench.service(Self.serves))
        let path = bench.folder.path
        let second = bench.supervisor(
            bench.service(Self.serves, environment: ["NEW": "1"]),
            turn: {
                while access("\(path)/go", F_OK) != 0, !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(5))
                }
            })
        let running = Task { await second.run() }
        try await eventually("it waits") { await second.status.detail?.contains("previous settings") == true }
        #expect(await second.status.state == .running)
        #expect(await !second.isSettled)
        #expect(bench.isAlive(pid))
        try bench.folder.put("go", "")
        try await eventually("it has its settings") { await second.isSettled }
        #expect(await second.status.pid != pid)
        #expect(!bench.isAlive(pid))
        await second.stop()
        await running.value
    }

    @Test("is restarted when it is asked for, which is no death")
    func restart() async throws {
        let supervisor = bench.supervisor(bench.service(Self.serves))
        let running = Task { await supervisor.run() }
        let pid = try await bench.running(supervisor)
        try await supervisor.restart()
        #expect(!bench.isAlive(pid))
        try await eventually("it is back") { await supervisor.isSettled }
        let status = await supervisor.status
        #expect(status.pid != pid && status.restarts == 0 && status.state == .running)
        await supervisor.stop()
        await running.value
    }

    @Test("is not restarted with files that its program refuses")
    func restartRefused() async throws {
        let path = bench.folder.path
        let supervisor = bench.supervisor(
            bench.service(
                Self.serves, check: ["/bin/sh", "-c", "test ! -e \(path)/bad || { echo no such word; exit 1; }"]))
        let running = Task { await supervisor.run() }
        let pid = try await bench.running(supervisor)
        try bench.folder.put("bad", "")
        let error = await #expect(throws: StateError.self) { try await supervisor.restart() }
        #expect(error?.description.contains("no such word") == true)
        #expect(bench.isAlive(pid))
        await supervisor.stop()
        await running.value
    }

    @Test("is ended in its own way when it has no place on its host any more")
    func strays() async throws {
        let pid = try await begin(bench.service("trap 'echo bye; exit 0' TERM; \(Self.serves)"))
        let path = bench.folder.path
        #expect(!Strays(recordFolder: path, wanted: ["app"]).areAny)
        let strays = Strays(recordFolder: path, wanted: ["nginx"])
        #expect(strays.areAny)
        await strays.end()
        #expect(!bench.isAlive(pid) && !strays.areAny)
        #expect(bench.log() == ["up", "bye"])
    }

    @Test("ends nobody with it who is no service: the agent itself is none")
    func agentIsNoStray() async throws {
        let process = try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sleep", "60"], environment: [:], workingDirectory: "/",
                logFile: "\(bench.folder.path)/log/agent.log"))
        try bench.folder.make("run")
        let record = ServiceRecord(
            identity: process.identity, since: "", restarts: 0, fingerprint: "")
        try AtomicFile.write(record, to: "\(bench.folder.path)/run/agent.json")
        let strays = Strays(recordFolder: "\(bench.folder.path)/run", wanted: ["nginx"])
        #expect(!strays.areAny)
        await strays.end()
        #expect(process.identity.isAlive)
        await process.stop(signal: SIGKILL, bound: .seconds(5))
    }

    @Test("is ended as a whole, also when only its workers are left")
    func strayWorkers() async throws {
        let process = try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sh", "-c", "sleep 60 & sleep 60"], environment: ["PATH": "/usr/bin:/bin"],
                workingDirectory: "/", logFile: "\(bench.folder.path)/log/app.log"))
        let group = process.identity
        try await eventually("its workers are there") { group.groupMembers.count == 3 }
        kill(group.pid, SIGKILL)
        _ = await process.waitForEnd()
        #expect(group.groupMembers.count == 2)
        try bench.folder.make("run")
        let record = ServiceRecord(identity: group, since: "", restarts: 0, fingerprint: "")
        try AtomicFile.write(record, to: "\(bench.folder.path)/run/old.json")
        let strays = Strays(recordFolder: "\(bench.folder.path)/run", wanted: [])
        #expect(strays.areAny)
        await strays.end()
        #expect(group.groupMembers.isEmpty && !strays.areAny)
    }
}

@Suite("What a process that runs needs to have its present settings")
struct SettingsChangeTests {
    private let folder: TemporaryFolder
    private let layout: Layout

    init() throws {
        folder = try TemporaryFolder()
        layout = Layout(hostFolder: folder.path, socketFolder: folder.path, programs: .none, front: nil)
        for name in ["etc", "tls"] { try folder.make(name) }
    }

    private func step(
        _ name: ServiceName, reloadSignal: Int32? = nil, fingerprint: String = "a", _ change: () throws -> Void
    ) throws -> ChangeStep {
        let service = ServiceBlueprint(
            name: name, command: ["/none"], workingDirectory: "/", readiness: .database, startTimeoutSeconds: 1,
            stop: .init(signal: 15, boundSeconds: 1), reloadSignal: reloadSignal, listeners: [])
        let record = ServiceRecord(
            identity: .init(pid: 1, startTicks: 1, bootID: ""), since: "", restarts: 0, fingerprint: "a",
            loaded: LoadedFiles(service: name, layout: layout))
        try change()
        return SettingsChange(
            service: service, record: record, fingerprint: fingerprint,
            files: LoadedFiles(service: name, layout: layout)
        ).step
    }

    @Test("is a restart for another command, whatever else")
    func restart() throws {
        #expect(try step(.nginx, reloadSignal: 1, fingerprint: "b") {} == .restart)
        #expect(try step(.app, fingerprint: "a") {} == .nothing)
    }

    @Test("is a reload for another file or certificate where the program knows one")
    func reload() throws {
        #expect(try step(.nginx, reloadSignal: 1) { try folder.put("etc/nginx.conf", "a") } == .reload)
        #expect(try step(.nginx, reloadSignal: 1) { try folder.put("tls/web.pem", "a") } == .reload)
        #expect(try step(.haproxy, reloadSignal: 12) { try folder.put("tls/front.pem", "a") } == .reload)
        #expect(try step(.haproxy, reloadSignal: 12) { try folder.put("tls/web.pem", "b") } == .nothing)
    }

    @Test("is a restart of mysqld for its file, and nothing that anybody notices for its certificate")
    func mysql() throws {
        #expect(try step(.mysql) { try folder.put("etc/my.cnf", "[mysqld]\na = 1\n") } == .restart)
        #expect(try step(.mysql) { try folder.put("etc/my.cnf", "# more\n[mysqld]\na = 1\n") } == .nothing)
        #expect(try step(.mysql) { try folder.put("tls/database.pem", "a") } == .refresh)
    }

    @Test("cuts no session of a router for a server more or less")
    func router() throws {
        let text = "listen write\n    bind 127.0.0.1:1\n    server a 127.0.0.1:2 x\n"
        try folder.put("etc/router.cfg", text)
        #expect(
            try step(.router, reloadSignal: 12) {
                try folder.put("etc/router.cfg", text + "    server b 127.0.0.1:3 x\n")
            }
                == .refresh)
        #expect(
            try step(.router, reloadSignal: 12) {
                try folder.put("etc/router.cfg", text.replacing("127.0.0.1:1", with: "127.0.0.1:9"))
            } == .reload)
    }
}

/// The same change of a stack, as `plan` finds it in two stacks and as agents find it on their disks.
@Suite("A change that is planned and then taken up")
struct PlannedChangeTests {
    private static let edits: [(String, @Sendable (inout Stack) -> Void)] = [
        ("nothing", { _ in }),
        ("the app's environment", { $0.app.environment = ["GREETING": "hello"] }),
        ("the app's command", { $0.app.run = "./other" }),
        ("mysqld's settings", { $0.database.settings = ["max_connections": "99"] }),
        ("how balancers choose", { $0.balancer.algorithm = .leastconn }),
        ("the size of uploads", { $0.web.bodyLimitBytes = 1 << 24 }),
        (
            "a server more",
            { $0.hosts += [.init(name: "server3", address: "127.200.9.99", roles: [.web, .app, .database])] }
        ),
        ("a database less", { $0.hosts[3].roles = [.web, .app] }),
    ]

    @Test("does to each service what the plan says")
    func agree() throws {
        for (what, edit) in Self.edits {
            let old = AppliedStack.sample(.sample("127.200.9"))
            var new = old
            edit(&new.stack)
            for name in old.stack.hosts.map(\.name) {
                try compare(what, name, old, new, newCertificate: nil)
            }
        }
    }

    @Test("does so for new certificates, too")
    func certificates() throws {
        let applied = AppliedStack.sample(.sample("127.200.9"))
        for service in ServiceName.allCases {
            for name in applied.stack.hosts.map(\.name) {
                try compare("certificates of \(service)", name, applied, applied, newCertificate: service)
            }
        }
    }

    private func compare(
        _ what: String, _ host: String, _ old: AppliedStack, _ new: AppliedStack, newCertificate: ServiceName?
    ) throws {
        let folder = try TemporaryFolder()
        let layout = Layout(hostFolder: folder.path, socketFolder: folder.path, programs: .none, front: nil)
        for name in ["etc", "tls", "public"] { try folder.make(name) }
        func blueprint(_ applied: AppliedStack) throws -> HostBlueprint {
            let host = try #require(applied.stack.hosts.first { $0.name == host })
            return try HostBlueprint(stack: applied.stack, host: host, layout: layout)
        }
        func processes(_ applied: AppliedStack) throws -> [ServiceProcess] {
            let blueprint = try blueprint(applied)
            for file in blueprint.files { try AtomicFile.write(file.contents, to: file.path, mode: file.mode) }
            let starter = ProcessStarter(applied: applied, secrets: .none, layout: layout)
            return blueprint.services.map { ServiceProcess(service: $0, starter: starter, recordFile: "") }
        }
        let records = try processes(old).reduce(into: [String: ServiceRecord]()) { records, process in
            records[process.name] = ServiceRecord(
                identity: .init(pid: 1, startTicks: 1, bootID: ""), since: "", restarts: 0,
                fingerprint: try process.fingerprint(), loaded: process.files)
        }
        let certificate = newCertificate.flatMap { layout.certificateFiles(of: $0).last }
        if let certificate { try AtomicFile.write("new", to: certificate) }
        let plan = HostChange(
            from: HostVersion(blueprint: try blueprint(old)),
            to: HostVersion(
                blueprint: try blueprint(new), certificates: certificate.map { [$0: "new"] } ?? [:]), layout: layout)
        for process in try processes(new) {
            guard let record = records[process.name] else { continue }
            let taken = SettingsChange(
                service: process.service, record: record, fingerprint: try process.fingerprint(), files: process.files
            ).step
            let planned = plan.services.first { $0.service == process.name }?.step
            #expect(taken == planned, "\(what): \(process.name) of \(host)")
        }
    }
}

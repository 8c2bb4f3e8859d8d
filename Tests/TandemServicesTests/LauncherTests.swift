import CTandemSystem
import Foundation
import Glibc
import Testing

@testable import TandemServices

@Suite("A process that a launcher starts", .timeLimit(.minutes(2)))
struct LauncherTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var socket: String { "\(folder.path)/launcher" }

    /// Runs `body` while a launcher listens.
    private func withLauncher(_ body: () async throws -> Void) async throws {
        unlink(socket)
        let launcher = try Launcher(listeningAt: socket)
        let task = Task { await launcher.run() }
        defer { task.cancel() }
        try await body()
    }

    private func script(_ text: String, environment: [String: String] = [:]) -> ProcessSpecification {
        var specification = folder.script(text, environment: environment)
        specification.launcher = LauncherPlace(socket: socket, group: getegid())
        return specification
    }

    @Test("gets command, variables, folder, log and descriptors, and its end is known as a child's is")
    func start() async throws {
        try await withLauncher {
            folder.put("input", "from a descriptor\n")
            let input = open("\(folder.path)/input", O_RDONLY | O_CLOEXEC)
            defer { close(input) }
            var specification = script(#"echo "$A"; pwd; cat <&5; exit 7"#, environment: ["A": "é \"1\""])
            specification.descriptors = [5: input]
            let process = try await RunningProcess.launch(specification)
            #expect(await process.waitForEnd() == .exited(7))
            #expect(folder.lines() == ["é \"1\"", folder.path, "from a descriptor"])
            var status = stat()
            #expect(stat(folder.log, &status) == 0 && status.st_mode & 0o777 == 0o620)
            let killed = try await RunningProcess.launch(script("kill -KILL $$"))
            #expect(await killed.waitForEnd() == .killed(signal: SIGKILL))
        }
    }

    @Test("is written down before it runs, and does not run when that fails")
    func recorded() async throws {
        try await withLauncher {
            struct Full: Error {}
            await #expect(throws: Full.self) {
                try await RunningProcess.launch(script("echo it runs")) { _ in throw Full() }
            }
            let process = try await RunningProcess.launch(script("echo it runs, too")) { [folder, socket] identity in
                Thread.sleep(forTimeInterval: 0.2)
                #expect(identity.isAlive && identity.launcher == socket && folder.lines() == [], "it waits")
            }
            #expect(await process.waitForEnd() == .exited(0))
            #expect(folder.lines() == ["it runs, too"])
        }
    }

    @Test("does not run when whoever asked for it has gone before it was written down")
    func abandoned() async throws {
        try await withLauncher {
            var asking: LaunchSocket? = try LaunchSocket(calling: socket)
            let log = open(folder.log, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            defer { close(log) }
            let launch = LaunchRequest.Launch(
                command: ["/bin/sh", "-c", "echo it runs"], environment: [:], workingDirectory: "/", targets: [],
                isBatch: false, mark: nil, fileMask: 0o077)
            try asking?.send(LaunchRequest.start(launch), descriptors: [log])
            guard case .there(let identity) = try await asking?.receive(LaunchAnswer.self, within: .seconds(60))?.value
            else {
                Issue.record("it is not there")
                return
            }
            asking = nil
            try await eventually("it ends") { !identity.isAlive }
            #expect(folder.lines() == [])
        }
    }

    @Test("is stopped with all that it has started, by its signal or, when it does not heed that, by SIGKILL")
    func stop() async throws {
        try await withLauncher {
            var specification = script(
                "trap 'echo told; exit 0' TERM; setsid sleep 300 & echo $!; while :; do sleep 0.05; done")
            specification.mark = "\(folder.path) app"
            let heeding = try await RunningProcess.launch(specification)
            try await eventually("it runs") { !folder.lines().isEmpty }
            let apart = try #require(Int32(folder.lines()[0]))
            #expect(await heeding.stop(signal: SIGTERM, bound: .seconds(10)))
            #expect(folder.lines().contains("told"))
            #expect(heeding.hasEnded && ProcessIdentity(pid: apart) == nil)
            let deaf = try await RunningProcess.launch(script("trap '' TERM; echo deaf; while :; do sleep 0.05; done"))
            try await eventually("it runs") { folder.lines().contains("deaf") }
            #expect(await !deaf.stop(signal: SIGTERM, bound: .milliseconds(200)))
            #expect(deaf.hasEnded)
        }
    }

    @Test("goes on without its launcher; the next one ends it, and knows nothing of how it ended")
    func successor() async throws {
        var process: RunningProcess?
        try await withLauncher { process = try await RunningProcess.launch(script("exec sleep 300")) }
        let identity = try #require(process?.identity)
        #expect(identity.isAlive)
        let text = try JSONEncoder().encode(identity)
        let recorded = try JSONDecoder().decode(ProcessIdentity.self, from: text)
        try await withLauncher {
            let adopted = try #require(RunningProcess.adopt(recorded))
            #expect(adopted.identity.launcher == socket)
            await adopted.stop(signal: SIGTERM, bound: .seconds(5))
            #expect(adopted.hasEnded && !identity.isAlive)
        }
    }

    @Test("is refused with the reason: a program that is missing, too many variables, a launcher that is missing")
    func refused() async throws {
        try await withLauncher {
            var missing = script("")
            missing.command = ["/no/such/program"]
            await #expect { try await RunningProcess.launch(missing) } throws: {
                "\($0)".contains("could not run the program: No such file or directory")
            }
            let large = script("", environment: ["A": String(repeating: "a", count: 200 << 10)])
            await #expect { try await RunningProcess.launch(large) } throws: { "\($0)".contains("takes up to 192 KB") }
        }
        unlink(socket)
        await #expect { try await RunningProcess.launch(script("")) } throws: {
            "\($0)".contains("cannot reach the launcher at \(socket)")
        }
    }

    @Test("shows its sockets, which another account cannot see")
    func sockets() async throws {
        try await withLauncher {
            let process = try await RunningProcess.launch(
                script(
                    "exec python3 -c 'import socket, time; s = socket.socket(); print(1, flush=True); time.sleep(300)'"
                ))
            try await eventually("it runs") { !folder.lines().isEmpty }
            #expect(await process.identity.launcherSockets()?.count == 1)
            await process.stop(signal: SIGKILL, bound: .zero)
        }
    }
}

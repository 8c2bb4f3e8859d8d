import Foundation
import Glibc
import Testing

@testable import TandemServices

@Suite("A process that is started")
struct StartTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("gets its arguments as they are, with blanks, quotes and empty ones")
    func arguments() async throws {
        var specification = folder.script(#"for a in "$@"; do echo "<$a>"; done"#)
        specification.command += ["sh", "two words", "it's", "", "é\"$HOME"]
        #expect(try await folder.run(specification) == ["<two words>", "<it's>", "<>", "<é\"$HOME>"])
    }

    @Test("gets the environment that it was given and nothing of ours")
    func environment() async throws {
        var specification = folder.script("", environment: ["A": "1=2", "B": ""])
        specification.command = ["/usr/bin/env"]
        #expect(try await folder.run(specification).sorted() == ["A=1=2", "B=", "PATH=/usr/bin:/bin"])
    }

    /// SCHED_BATCH, which glibc shows to C alone.
    private static let batch = 3

    @Test("is written down before it runs, and does not run when that fails")
    func recorded() async throws {
        struct Full: Error {}
        let specification = folder.script("echo it runs")
        #expect(throws: Full.self) { try RunningProcess.start(specification) { _ in throw Full() } }
        var known: ProcessIdentity?
        let process = try RunningProcess.start(specification) { identity in
            known = identity
            Thread.sleep(forTimeInterval: 0.2)
            #expect(identity.isAlive && folder.lines() == [], "it waits")
        }
        #expect(known == process.identity)
        #expect(await process.waitForEnd() == .exited(0))
        #expect(folder.lines() == ["it runs"], "once")
    }

    @Test("ends without having run when we die before it may, and outlives us afterwards", arguments: [true, false])
    func orphaned(_ isBefore: Bool) async throws {
        // Nobody can fork a test and kill it: a program of its own starts the process, with the same code.
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let system = tests.deletingLastPathComponent().deletingLastPathComponent().path + "/Sources/CTandemSystem"
        _ = try await folder.run(
            folder.script(
                "cc -I '\(system)/include' -o orphan '\(tests.path)/Orphan/orphan.c' '\(system)/spawn.c' '\(system)/privilege.c' && "
                    + "./orphan \(isBefore ? "before" : "after") || [ $? = 137 ]"))
        let pid = try #require(Int32(folder.text("pid")))
        defer { kill(pid, SIGKILL) }
        if isBefore {
            try await eventually("it has ended") { ProcessIdentity(pid: pid)?.isAlive != true }
            #expect(folder.lines("said") == [])
        } else {
            try await eventually("it runs") { folder.lines("said") == ["it runs"] }
            #expect(ProcessIdentity(pid: pid)?.isAlive == true)
        }
    }

    @Test("can gain no privileges, and has a umask of its own")
    func rights() async throws {
        var specification = folder.script("grep -E '^(NoNewPrivs|Umask):' /proc/self/status")
        #expect(try await folder.run(specification) == ["Umask:\t0077", "NoNewPrivs:\t1"])
        specification.fileMask = 0o022
        #expect(try await folder.run(specification).suffix(2).first == "Umask:\t0022")
    }

    @Test("is scheduled as it was asked for")
    func scheduling() async throws {
        // proc(5), /proc/PID/stat: the 41st field is the policy.
        var specification = folder.script("exec cut -d ' ' -f 41 /proc/self/stat")
        #expect(try await folder.run(specification) == ["\(SCHED_OTHER)"])
        specification.scheduling = .batch
        #expect(try await folder.run(specification).last == "\(Self.batch)")
    }

    @Test("has the timer slack that it was asked for, and passes it on")
    func timerSlack() async throws {
        var specification = folder.script("cat /proc/self/timerslack_ns")
        let own = try #require(try await folder.run(specification).first)
        #expect(own != "1000000")
        specification.timerSlack = .milliseconds(1)
        #expect(try await folder.run(specification).last == "1000000")
    }

    @Test("runs in the folder that was named")
    func workingDirectory() async throws {
        #expect(try await folder.run(folder.script("pwd -P")) == [folder.path])
    }

    @Test("appends both its outputs to its log, and a second one goes on in the same file")
    func log() async throws {
        _ = try await folder.run(folder.script("echo out; echo err >&2"))
        #expect(try await folder.run(folder.script("echo again")) == ["out", "err", "again"])
        var status = stat()
        #expect(stat(folder.log, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test("goes on writing to the end of its log when somebody empties that")
    func appends() async throws {
        let process = try RunningProcess.start(
            folder.script("echo one; while [ ! -e go ]; do sleep 0.02; done; echo two"))
        try await eventually("it writes") { folder.lines() == ["one"] }
        truncate(folder.log, 0)
        folder.put("go", "")
        #expect(await process.waitForEnd() == .exited(0))
        #expect(folder.text("log") == "two\n")
    }

    @Test("gets the descriptors that are handed over, under their numbers, and no others")
    func descriptors() async throws {
        let secret = open("/etc/hostname", O_RDONLY)  // not close-on-exec, as a careless library leaves it
        let given = open("\(folder.path)/given", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer {
            close(secret)
            close(given)
        }
        let script = "echo hello >&10; echo world >&63; exec ls -1 /proc/self/fd"
        let lines = try await folder.run(folder.script(script, descriptors: [10: given, 63: given]).withBash)
        #expect(folder.text("given") == "hello\nworld\n")
        // The listing itself opens one more, which is the lowest free number.
        #expect(lines.sorted() == ["0", "1", "10", "2", "3", "63"])
    }

    @Test("gets nothing to read, leads a session and a group of its own, and takes signals as usual")
    func surroundings() async throws {
        var blocked = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTERM)
        var before = sigset_t()
        let process: RunningProcess
        // The thread's mask is inherited through fork.
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        do {
            defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
            process = try RunningProcess.start(
                folder.script("cat; readlink /proc/self/fd/0; cat /proc/$$/stat; exec grep ^Sig /proc/self/status"))
        }
        #expect(await process.waitForEnd() == .exited(0))
        let lines = folder.lines()
        try #require(lines.count > 2)
        #expect(lines[0] == "/dev/null")
        let pid = "\(process.identity.pid)"
        let fields = lines[1].split(separator: " ").map(String.init)
        #expect([fields[0], fields[4], fields[5]] == [pid, pid, pid])
        #expect(lines.contains("SigBlk:\t0000000000000000"))
        #expect(lines.contains("SigIgn:\t0000000000000000"))
    }

    @Test("may open as many files as the machine lets it")
    func limit() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let hard = limit.rlim_max == rlim_t.max ? "unlimited" : "\(limit.rlim_max)"
        #expect(try await folder.run(folder.script("ulimit -n")) == [hard])
    }

    @Test("may be one of many that are started at the same time, and none is taken for another")
    func many() async throws {
        let endings = try await withThrowingTaskGroup(of: (Int32, RunningProcess.Ending?).self) { group in
            for number in Int32(0)..<60 {
                group.addTask { [folder] in
                    let process = try RunningProcess.start(folder.script("exit \(number)"))
                    return (number, await process.waitForEnd())
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(endings == Dictionary(uniqueKeysWithValues: (Int32(0)..<60).map { ($0, .exited($0)) }))
    }
}

extension ProcessSpecification {
    /// dash knows single-digit descriptors only.
    fileprivate var withBash: ProcessSpecification {
        var specification = self
        specification.command[0] = "/bin/bash"
        return specification
    }
}

@Suite("A process that cannot be started")
struct FailedStartTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func message(_ specification: ProcessSpecification) -> String {
        do {
            _ = try RunningProcess.start(specification)
            return "it started"
        } catch {
            return "\(error)"
        }
    }

    @Test("is an error that names the program when that is missing")
    func program() {
        var specification = folder.script("")
        specification.command = ["/nowhere/shop", "serve"]
        #expect(
            message(specification)
                == "cannot start /nowhere/shop: could not run the program: No such file or directory")
    }

    @Test("is an error that says so when the program may not be run")
    func permission() {
        folder.put("program", "#!/bin/sh\n")
        chmod("\(folder.path)/program", 0o644)
        var specification = folder.script("")
        specification.command = ["\(folder.path)/program"]
        #expect(
            message(specification)
                == "cannot start \(folder.path)/program: could not run the program: Permission denied")
    }

    @Test("is an error that names the step when the working directory is missing")
    func directory() {
        var specification = folder.script("")
        specification.workingDirectory = "\(folder.path)/nowhere"
        #expect(
            message(specification)
                == "cannot start /bin/sh: could not enter the working directory: No such file or directory")
    }

    @Test("is an error that names the step when a descriptor is not open", arguments: [Int32(-1), 999_999])
    func descriptor(_ source: Int32) {
        #expect(
            message(folder.script("", descriptors: [10: source]))
                == "cannot start /bin/sh: could not hand over descriptors: Bad file descriptor")
    }

    @Test("is an error when a descriptor is to have a number that is spoken for", arguments: [Int32(0), 2, 64])
    func target(_ target: Int32) {
        #expect(
            message(folder.script("", descriptors: [target: 0]))
                == "cannot start /bin/sh: could not hand over descriptors: Invalid argument")
    }

    @Test("is an error that names the log when that cannot be written")
    func log() {
        var specification = folder.script("")
        specification.logFile = "\(folder.path)/no/log"
        #expect(
            message(specification) == "cannot open the log \(folder.path)/no/log: No such file or directory")
    }

    @Test("is an error when the command is empty")
    func empty() {
        var specification = folder.script("")
        specification.command = []
        #expect(message(specification) == "cannot start a process: its command is empty")
    }

    @Test("writes to no file that a link in the log's place leads to, and waits for no pipe")
    func links() throws {
        let elsewhere = "\(folder.path)/elsewhere"
        folder.put("elsewhere", "mine")
        symlink(elsewhere, folder.log)
        #expect(message(folder.script("echo bad")).hasPrefix("cannot open the log \(folder.log): "))
        unlink(folder.log)
        link(elsewhere, folder.log)
        #expect(message(folder.script("echo bad")).hasSuffix("it is no file of its own; remove it and try again"))
        unlink(folder.log)
        mkfifo(folder.log, 0o600)
        #expect(message(folder.script("echo bad")).hasPrefix("cannot open the log \(folder.log): "))
        #expect(folder.text("elsewhere") == "mine")
    }

    @Test("leaves no descriptor behind and no child to be waited for")
    func leaks() async throws {
        for _ in 0..<20 {
            var specification = folder.script("")
            specification.command = ["/nowhere/shop"]
            _ = message(specification)
            specification.logFile = "\(folder.path)/no/log"
            _ = message(specification)
        }
        // Other tests open and close at the same time: only descriptors that lead here count.
        #expect(descriptorsLeading(to: folder.path) == 0)
    }

    @Test("does not leave descriptors behind when it starts, ends and is forgotten either")
    func noLeakAfterSuccess() async throws {
        for _ in 0..<30 {
            let process = try RunningProcess.start(folder.script("exit 0"))
            _ = await process.waitForEnd()
            #expect(await process.stop(signal: SIGTERM, bound: .seconds(1)))
            if let adopted = RunningProcess.adopt(process.identity) {
                Issue.record("\(adopted.identity) has ended")
            }
        }
        #expect(descriptorsLeading(to: folder.path) == 0)
        // A pidfd of an ended process says `Pid: -1`; ours are closed with their values.
        try await eventually("pidfds of ended processes are closed") { endedPidfds() == 0 }
    }

    private func descriptorsLeading(to path: String) -> Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).filter {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.hasPrefix(path)
                ?? false
        }.count
    }

    private func endedPidfds() -> Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fdinfo")) ?? []).filter {
            ((try? String(contentsOfFile: "/proc/self/fdinfo/\($0)", encoding: .utf8)) ?? "").contains("\nPid:\t-1\n")
        }.count
    }
}

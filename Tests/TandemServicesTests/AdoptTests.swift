import Foundation
import Glibc
import Testing

@testable import TandemServices

@Suite("Adopting a process")
struct AdoptTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("takes over one that an earlier agent started, by what that wrote down")
    func adopts() async throws {
        let path = "\(folder.path)/pid"
        let agent = try RunningProcess.start(folder.script("setsid sleep 60 & echo $! > \(path); wait"))
        defer { agent.signal(SIGKILL) }
        var pid: Int32?
        try await eventually("it leads a session of its own") {
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            // Its session is its own a moment later.
            pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)).flatMap { getsid($0) == $0 ? $0 : nil }
            return pid != nil
        }
        let started = try #require(pid.flatMap { ProcessIdentity(pid: $0) })
        let record = try JSONEncoder().encode(started)
        let identity = try JSONDecoder().decode(ProcessIdentity.self, from: record)
        let adopted = try #require(RunningProcess.adopt(identity))
        #expect(!adopted.isChild)
        #expect(adopted.groupMembers == [started.pid])
        #expect(await adopted.stop(signal: SIGTERM, bound: .seconds(20)))
        #expect(await adopted.waitForEnd() == .unknown)
    }

    @Test("knows one of its own again that it had let go of, and takes note of its end")
    func ownChild() async throws {
        let identity = try RunningProcess.start(folder.script("exec sleep 60")).identity
        let adopted = try #require(RunningProcess.adopt(identity))
        #expect(adopted.isChild)
        #expect(await adopted.stop(signal: SIGTERM, bound: .seconds(10)))
        #expect(await adopted.waitForEnd() == .killed(signal: SIGTERM))
    }

    @Test("leaves alone another process that has its number, and never signals it")
    func anotherProcess() async throws {
        let other = try RunningProcess.start(folder.script("exec sleep 60"))
        defer { other.signal(SIGKILL) }
        var earlier = other.identity
        earlier.startTicks -= 1
        #expect(RunningProcess.adopt(earlier) == nil)
        #expect(!earlier.isAlive)
        #expect(earlier.groupMembers.isEmpty)
        earlier.signalGroup(SIGKILL)
        await earlier.sweep()
        #expect(!other.hasEnded)
    }

    @Test("leaves alone a process of this number from before the machine was started again")
    func anotherBoot() async throws {
        let process = try RunningProcess.start(folder.script("exec sleep 60"))
        defer { process.signal(SIGKILL) }
        var earlier = process.identity
        earlier.bootID = "00000000-0000-0000-0000-000000000000"
        #expect(RunningProcess.adopt(earlier) == nil)
        earlier.signalGroup(SIGKILL)
        #expect(!process.hasEnded)
    }

    @Test("does not take over one that has ended, waited for or not")
    func ended() async throws {
        let process = try RunningProcess.start(folder.script("exit 0"))
        try await eventually("it ends") { process.hasEnded }
        #expect(ProcessStatus(pid: process.identity.pid)?.state == "Z")
        #expect(RunningProcess.adopt(process.identity) == nil)
        #expect(process.groupMembers.isEmpty)
        _ = await process.waitForEnd()
        #expect(ProcessStatus(pid: process.identity.pid) == nil)
        #expect(RunningProcess.adopt(process.identity) == nil)
    }

    @Test("never reaches for whole crowds when a record is damaged", arguments: [Int32(0), 1, -1, -2])
    func damagedRecord(_ pid: Int32) throws {
        let own = try #require(ProcessIdentity(pid: getpid()))
        let damaged = ProcessIdentity(pid: pid, startTicks: 0, bootID: own.bootID)
        #expect(RunningProcess.adopt(damaged) == nil)
        #expect(damaged.groupMembers.isEmpty)
        damaged.signalGroup(SIGTERM)
    }

    @Test("reads the state of programs whose names hold blanks and parentheses")
    func oddNames() async throws {
        let program = "\(folder.path)/a) R (b"
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: program)
        var specification = folder.script("")
        specification.command = [program, "60"]
        let process = try RunningProcess.start(specification)
        defer { process.signal(SIGKILL) }
        let status = try #require(ProcessStatus(pid: process.identity.pid))
        #expect(status.group == process.identity.pid && status.session == process.identity.pid)
        #expect(process.identity.isAlive)
    }
}

@Suite("Waiting for the end of a process")
struct WaitTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("tells a status from a signal, every time it is asked")
    func endings() async throws {
        let exited = try RunningProcess.start(folder.script("exit 3"))
        let killed = try RunningProcess.start(folder.script("kill -KILL $$"))
        for _ in 0..<2 {
            #expect(await exited.waitForEnd() == .exited(3))
            #expect(await killed.waitForEnd() == .killed(signal: SIGKILL))
        }
        #expect("\(RunningProcess.Ending.exited(3))" == "exited with status 3")
        #expect("\(RunningProcess.Ending.killed(signal: 9))" == "was ended by signal 9")
    }

    @Test("wakes everybody who waits")
    func several() async throws {
        let process = try RunningProcess.start(folder.script("while [ ! -e go ]; do sleep 0.02; done; exit 7"))
        let endings = await withTaskGroup(of: RunningProcess.Ending?.self) { group in
            for _ in 0..<20 { group.addTask { await process.waitForEnd() } }
            folder.put("go", "")
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(endings == Array(repeating: .exited(7), count: 20))
    }

    @Test("ends at once when it is cancelled, and the process goes on")
    func cancelled() async throws {
        let process = try RunningProcess.start(folder.script("exec sleep 60"))
        defer { process.signal(SIGKILL) }
        for _ in 0..<50 {
            let waiting = Task { await process.waitForEnd() }
            waiting.cancel()
            #expect(await waiting.value == nil)
        }
        #expect(!process.hasEnded)
        #expect(await process.endsWithin(.milliseconds(20)) == false)
    }
}

@Suite("Stopping a process")
struct StopTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("lets it finish what it does")
    func graceful() async throws {
        let process = try RunningProcess.start(
            folder.script("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.02; done"))
        try await eventually("it is up") { folder.lines() == ["up"] }
        #expect(await process.stop(signal: SIGTERM, bound: .seconds(10)))
        #expect(await process.waitForEnd() == .exited(0))
        #expect(folder.lines() == ["up", "bye"])
    }

    @Test("ends one that does not listen with SIGKILL after the bound, and its children too")
    func stubborn() async throws {
        let process = try RunningProcess.start(
            folder.script("trap '' TERM; sleep 61 & echo up; while :; do sleep 0.02; done"))
        try await eventually("it is up") { folder.lines() == ["up"] }
        #expect(await process.stop(signal: SIGTERM, bound: .milliseconds(50)) == false)
        #expect(await process.waitForEnd() == .killed(signal: SIGKILL))
        #expect(process.groupMembers.isEmpty)
    }

    @Test("ends the workers whose master was killed, and returns when they are gone")
    func orphans() async throws {
        let process = try RunningProcess.start(
            folder.script("sleep 60 & sleep 60 & sleep 60 & echo up; wait"))
        try await eventually("it is up") { folder.lines() == ["up"] && process.groupMembers.count == 4 }
        process.signal(SIGKILL)
        #expect(await process.waitForEnd() == .killed(signal: SIGKILL))
        #expect(process.groupMembers.count == 3)
        await process.stop(signal: SIGTERM, bound: .seconds(5))
        #expect(process.groupMembers.isEmpty)
    }

    @Test("ends a master that replaces its workers without leaving one")
    func respawning() async throws {
        for _ in 0..<5 {
            let process = try RunningProcess.start(
                folder.script("echo up; while :; do sleep 60 & sleep 60 & wait -n 2>/dev/null || wait $!; done"))
            try await eventually("it is up") { process.groupMembers.count >= 3 }
            await process.sweep()
            #expect(process.groupMembers.isEmpty)
            #expect(process.hasEnded)
        }
    }

    @Test("gives the process the time it was promised, though the caller is cancelled meanwhile")
    func cancelledCaller() async throws {
        let process = try RunningProcess.start(
            folder.script("trap 'sleep 0.3; echo saved; exit 0' TERM; echo up; while :; do sleep 0.02; done"))
        try await eventually("it is up") { folder.lines() == ["up"] }
        let stopping = Task { await process.stop(signal: SIGTERM, bound: .seconds(20)) }
        stopping.cancel()
        #expect(await stopping.value)
        #expect(folder.lines() == ["up", "saved"])
    }

    @Test("does nothing to one that has ended")
    func ended() async throws {
        let process = try RunningProcess.start(folder.script("exit 0"))
        _ = await process.waitForEnd()
        #expect(process.signal(SIGTERM) == false)
        #expect(await process.stop(signal: SIGTERM, bound: .seconds(10)))
    }
}

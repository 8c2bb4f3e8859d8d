import Foundation
import Glibc
import Testing

@testable import TandemServices

@Suite("A process that a signal has stopped")
struct FrozenTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("is seen to be frozen until it is thawed")
    func frozen() async throws {
        let process = try RunningProcess.start(folder.script("exec sleep 60"))
        defer { process.signal(SIGKILL) }
        #expect(!process.identity.isFrozen)
        process.signal(SIGSTOP)
        try await eventually("it is frozen") { process.identity.isFrozen }
        process.signal(SIGCONT)
        try await eventually("it is thawed") { !process.identity.isFrozen }
    }

    @Test("is seen among the children of a service too, where its leader runs")
    func child() async throws {
        let process = try RunningProcess.start(folder.script("sleep 60 & echo $!; wait"))
        defer { process.signalGroup(SIGKILL) }
        try await eventually("the child runs") { !folder.lines().isEmpty }
        let child = try #require(Int32(folder.lines()[0]))
        #expect(!process.identity.isFrozen)
        #expect(kill(child, SIGSTOP) == 0)
        try await eventually("the child is frozen") { process.identity.isFrozen }
        #expect(!process.identity.isItselfFrozen, "its own child alone is")
    }

    @Test("is not looked for in another process that has the number, nor in one that has ended")
    func another() async throws {
        let process = try RunningProcess.start(folder.script("exec sleep 60"))
        process.signal(SIGSTOP)
        try await eventually("it is frozen") { process.identity.isFrozen }
        var earlier = process.identity
        earlier.startTicks -= 1
        #expect(!earlier.isFrozen)
        process.signal(SIGKILL)
        _ = await process.waitForEnd()
        #expect(!process.identity.isFrozen)
    }
}

@Suite("What a leader that died has left behind")
struct OrphanTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A leader that dies at once, and a child that needs a moment after it was asked to end.
    private func orphan(_ trap: String) async throws -> RunningProcess {
        let process = try RunningProcess.start(
            folder.script("(trap '\(trap)' TERM; echo up; while :; do sleep 0.01; done) & sleep 60"))
        try await eventually("the child runs") { folder.lines() == ["up"] }
        process.signal(SIGKILL)
        _ = await process.waitForEnd()
        return process
    }

    @Test("may finish what it carries")
    func graceful() async throws {
        let process = try await orphan("sleep 0.1; echo done; exit 0")
        await process.sweepOrphans(signal: SIGTERM, bound: .seconds(20))
        // The shell may say meanwhile what the signal did to its own child.
        #expect(folder.lines().last == "done")
        #expect(process.groupMembers.isEmpty)
    }

    @Test("is ended when it does not")
    func stubborn() async throws {
        let process = try await orphan("echo no")
        await process.sweepOrphans(signal: SIGTERM, bound: .milliseconds(100))
        #expect(process.groupMembers.isEmpty)
    }
}

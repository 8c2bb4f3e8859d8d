import Foundation
import Glibc
import Testing

@testable import TandemServices

/// What is in flight is in the hands of the process that serves, which need not be the one that was started.
@Suite("Stopping what a process has started")
struct FamilyTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Finishes what it carries, which takes longer than it takes whoever started it to end.
    private static let worker = """
        sh -c 'trap "sleep 1; echo finished; exit 0" TERM WINCH; echo up; while :; do sleep 0.05; done'
        """

    private func start(_ script: String) async throws -> RunningProcess {
        let process = try RunningProcess.start(folder.script(script))
        try await eventually("it is up") { folder.lines().contains("up") }
        return process
    }

    @Test(
        "lets a child finish whose parent ends at once when it is told",
        arguments: [
            ("a shell that waits", "\(worker) & wait"),
            ("a shell that waits for it by number", "\(worker) & wait $!"),
            ("a shell whose trap ends it", "trap 'exit 0' TERM; \(worker) & wait"),
            ("a shell that goes on afterwards", "\(worker); echo 'never reached'"),
            ("a shell inside a shell", "sh -c \"$WORKER & wait\" & wait"),
        ])
    func leaderEndsAtOnce(_ shape: String, _ script: String) async throws {
        var specification = folder.script(script)
        specification.environment["WORKER"] = Self.worker
        let process = try RunningProcess.start(specification)
        try await eventually("it is up") { folder.lines().contains("up") }
        #expect(await process.stop(signal: SIGTERM, bound: .seconds(20)))
        #expect(folder.lines() == ["up", "finished"], "\(shape)")
        #expect(process.groupMembers.isEmpty)
    }

    @Test("leaves workers to a master that looks after them")
    func master() async throws {
        // As Apache does: a worker that is told by another than its master drops what it carries.
        // It is up once both know what to do with their signals.
        let process = try await start(
            """
            sh -c 'trap "echo dropped; exit 1" TERM; trap "sleep 0.5; echo finished; exit 0" USR1
                touch begun; while :; do sleep 0.05; done' &
            worker=$!
            trap 'kill -USR1 $worker; wait $worker; exit 0' TERM
            while [ ! -e begun ]; do sleep 0.02; done
            echo up
            wait $worker
            """)
        #expect(await process.stop(signal: SIGTERM, bound: .seconds(20)))
        #expect(folder.lines() == ["up", "finished"])
    }

    @Test("tells each that is left once, so that none takes a second time for an order to hurry")
    func toldOnce() async throws {
        let process = try await start(
            """
            sh -c 'trap "echo told; trap \\"echo hurried; exit 1\\" TERM; sleep 1; sleep 1; echo finished; exit 0" TERM
                echo up; while :; do sleep 0.05; done' & wait
            """)
        #expect(await process.stop(signal: SIGTERM, bound: .seconds(20)))
        #expect(folder.lines() == ["up", "told", "finished"])
    }

    @Test("tells those below a shell that the signal means nothing to")
    func signalThatIsIgnored() async throws {
        let process = try await start("\(Self.worker); echo 'and the next'")
        #expect(await process.stop(signal: SIGWINCH, bound: .seconds(20)))
        #expect(folder.lines() == ["up", "finished", "and the next"])
    }

    /// A process whose descendants are known by a mark.
    private func startMarked(_ script: String, mark: String) async throws -> RunningProcess {
        var specification = folder.script(script)
        specification.mark = mark
        let process = try RunningProcess.start(specification)
        try await eventually("it is up") { folder.lines().contains("up") }
        return process
    }

    private func pid(_ name: String) throws -> Int32 {
        try #require(Int32(folder.text(name).trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test(
        "ends children that made a session of their own, whoever their parent is by now",
        arguments: [
            "setsid sh -c 'echo $$ > own; echo up; exec sleep 60' & wait",
            "(setsid sh -c 'echo $$ > own; echo up; exec sleep 60' &); exec sleep 60",
            "env -i PATH=/usr/bin:/bin setsid sh -c 'echo $$ > own; echo up; exec sleep 60' & wait",
        ])
    func ownSession(_ script: String) async throws {
        let process = try await startMarked(script, mark: folder.path)
        let other = try pid("own")
        #expect(getsid(other) == other && process.members.contains(other))
        await process.stop(signal: SIGTERM, bound: .seconds(20))
        #expect(process.members.isEmpty && ProcessIdentity(pid: other) == nil)
    }

    @Test("lets children in a session of their own finish what they carry, too")
    func ownSessionFinishes() async throws {
        let process = try await startMarked("setsid \(Self.worker) & wait", mark: folder.path)
        #expect(await process.stop(signal: SIGTERM, bound: .seconds(20)))
        #expect(folder.lines() == ["up", "finished"])
    }

    @Test("ends them when the process is gone and only its record is left")
    func ownSessionOfRecord() async throws {
        let process = try await startMarked(
            "(setsid sh -c 'echo $$ > own; echo up; exec sleep 60' &); exec sleep 60", mark: folder.path)
        let record = try JSONEncoder().encode(process.identity)
        process.signal(SIGKILL)
        _ = await process.waitForEnd()
        let identity = try JSONDecoder().decode(ProcessIdentity.self, from: record)
        #expect(identity.members == [try pid("own")])
        await identity.sweepOrphans(signal: SIGTERM, bound: .seconds(20))
        #expect(identity.members.isEmpty)
    }

    @Test("leaves alone what carries another mark, and the children of one that has none")
    func others() async throws {
        let process = try await startMarked("echo up; exec sleep 60", mark: "\(folder.path) app")
        let other = try await startMarked("exec sleep 60", mark: "\(folder.path) app-2")
        let unmarked = try RunningProcess.start(folder.script("setsid sh -c 'echo $$ > free; exec sleep 60' & wait"))
        try await eventually("it is there") { folder.text("free").hasSuffix("\n") }
        let free = try pid("free")
        defer { kill(free, SIGKILL) }
        await process.stop(signal: SIGTERM, bound: .seconds(20))
        await unmarked.stop(signal: SIGTERM, bound: .seconds(20))
        #expect(!other.hasEnded)
        #expect(ProcessIdentity(pid: free) != nil, "services go on without their agent")
        await other.stop(signal: SIGKILL, bound: .zero)
    }

    @Test("ends with SIGKILL what has not ended within the bound, though its parent has")
    func stubbornChild() async throws {
        let process = try await start("sh -c 'trap \"\" TERM; echo up; while :; do sleep 0.05; done' & wait")
        #expect(await process.stop(signal: SIGTERM, bound: .milliseconds(300)) == false)
        #expect(process.groupMembers.isEmpty)
        #expect(folder.lines() == ["up"])
    }
}

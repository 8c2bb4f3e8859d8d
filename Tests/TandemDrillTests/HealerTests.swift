import Foundation
import Glibc
import Synchronization
import TandemServices
import Testing

@testable import TandemDrill

@Suite("Healing what a drill broke")
struct HealerTests {
    private func sleeper() throws -> RunningProcess {
        let log = "\(NSTemporaryDirectory())drill-test-\(UInt32.random(in: 0 ... .max)).log"
        defer { try? FileManager.default.removeItem(atPath: log) }
        return
            try RunningProcess.start(
                ProcessSpecification(
                    command: ["/bin/sleep", "60"], environment: [:], workingDirectory: "/", logFile: log))
    }

    /// A signal takes effect when the process is next looked at by the kernel.
    private func freeze(_ process: RunningProcess) async {
        process.signal(SIGSTOP)
        for _ in 0..<6000 where !process.identity.isItselfFrozen { try? await Task.sleep(for: .milliseconds(10)) }
    }

    private func pipeEnds() -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    @Test("the healer wakes what was frozen, and starts the stack, when the drill is gone without a word")
    func gone() async throws {
        let process = try sleeper()
        defer { process.signal(SIGKILL) }
        let ends = pipeEnds()
        let starts = Mutex(0)
        do {
            let drill = HealerPipe(descriptor: ends.write)
            await freeze(process)
            try await drill.arm([.thaw([process.identity]), .start], bound: .seconds(600))
            #expect(process.identity.isItselfFrozen)
        }
        await Healer.run(descriptor: ends.read) { starts.withLock { $0 += 1 } }
        close(ends.read)
        #expect(await LocalPlace().state(of: process.identity, host: nil) == .running)
        #expect(starts.withLock { $0 } == 1)
    }

    @Test("the healer undoes a fault at its deadline although the drill lives, and nothing that was undone already")
    func deadline() async throws {
        let process = try sleeper()
        defer { process.signal(SIGKILL) }
        let ends = pipeEnds()
        let starts = Mutex(0)
        let drill = HealerPipe(descriptor: ends.write)
        await freeze(process)
        try await drill.arm([.thaw([process.identity])], bound: .seconds(1))
        let healer = Task.detached { await Healer.run(descriptor: ends.read) { starts.withLock { $0 += 1 } } }
        for _ in 0..<6000 where process.identity.isItselfFrozen { try await Task.sleep(for: .milliseconds(10)) }
        #expect(!process.identity.isItselfFrozen)
        try await drill.arm([.start], bound: .seconds(600))
        await drill.disarm()
        await freeze(process)
        drill.end()
        await healer.value
        close(ends.read)
        #expect(starts.withLock { $0 } == 0)
        #expect(process.identity.isItselfFrozen, "it was told that there is nothing to undo")
    }

    @Test("nothing is broken where nobody would heal it")
    func noHealer() async throws {
        signal(SIGPIPE, SIG_IGN)
        let ends = pipeEnds()
        close(ends.read)
        let drill = HealerPipe(descriptor: ends.write)
        await #expect(throws: DrillError.self) { try await drill.arm([.start], bound: .seconds(1)) }
    }

    @Test("a process is struck only while it is the very one that was looked at")
    func identity() async throws {
        let process = try sleeper()
        let place = LocalPlace()
        let found = try #require(await place.find(process.identity.pid, host: nil))
        #expect(await place.find(1, host: nil) == nil)
        #expect(await place.find(getpid(), host: nil).map { $0.pid == getpid() } ?? true)
        // Another process with the same number, as far as anybody could tell by the number.
        var other = found
        other.startTicks += 1
        await place.signal(SIGKILL, to: other, host: nil)
        #expect(await place.state(of: found, host: nil) == .running)
        #expect(await place.state(of: other, host: nil) == .gone)
        await place.signal(SIGSTOP, to: found, host: nil)
        for _ in 0..<12_000 where await place.state(of: found, host: nil) == .running {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(await place.state(of: found, host: nil) == .frozen)
        await place.signal(SIGKILL, to: found, host: nil)
        _ = await process.waitForEnd()
        #expect(await place.state(of: found, host: nil) == .gone)
    }
}

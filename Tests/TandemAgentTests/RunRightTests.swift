import Foundation
import Glibc
import Synchronization
import TandemBlueprint
import TandemCoordination
import TandemServices
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

/// A right that a test gives and takes.
private final class ScriptedRight: RunRight {
    private let state: Mutex<(right: WorkerClaim.Right, givenUp: [Bool])>
    let isInherited: Bool

    init(_ right: WorkerClaim.Right, isInherited: Bool = false) {
        state = Mutex((right, []))
        self.isInherited = isInherited
    }

    var now: WorkerClaim.Right { state.withLock { $0.right } }
    /// For good, or not.
    var givenUp: [Bool] { state.withLock { $0.givenUp } }
    func set(_ right: WorkerClaim.Right) { state.withLock { $0.right = right } }

    func keep() async { try? await Task.sleep(for: .seconds(3600)) }

    func wait(_ waitsFor: @Sendable (String) async -> Void) async throws {
        while now != .run {
            if givenUp.contains(true) { throw CancellationError() }
            await waitsFor("runs on server2")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func giveUp(isForGood: Bool) async { state.withLock { $0.givenUp.append(isForGood) } }
}

@Suite("A service that one host at a time runs")
struct RunRightTests {
    private let bench: Bench

    init() throws {
        bench = try Bench()
        try bench.folder.put("ready", "")
    }

    private static let serves = "echo up; exec sleep 60"
    private static let stubborn = "trap '' TERM; echo up; while :; do sleep 0.05; done"

    private func loop(_ script: String, _ right: ScriptedRight, stopSeconds: Int = 10) -> RestartLoop {
        var service = bench.service(script)
        service.readiness = .running
        service.stop = .init(signal: SIGTERM, boundSeconds: stopSeconds)
        return bench.supervisor(service, right: right)
    }

    /// Until it has said so itself, too: it counts as running after a second, in which a busy machine may not have got
    /// to its script.
    private func up(_ loop: RestartLoop, _ times: Int = 1) async throws -> Int32 {
        let pid = try await bench.running(loop)
        try await eventually("it is up") { bench.log().count { $0 == "up" } == times }
        return pid
    }

    @Test("waits, as it should be, while another host runs it, and starts once that is over")
    func waits() async throws {
        let right = ScriptedRight(.end(within: .zero))
        let loop = loop(Self.serves, right)
        let running = Task { await loop.run() }
        try await eventually("it waits") { await loop.status.state == .waiting }
        #expect(await loop.status.detail == "runs on server2" && bench.log().isEmpty)
        #expect(await loop.isSettled)
        // Asked to restart, there is nothing to do.
        try await loop.restart()
        right.set(.run)
        let pid = try await up(loop)
        #expect(bench.isAlive(pid) && bench.log() == ["up"])
        await loop.stop()
        await running.value
        #expect(right.givenUp == [true] && !bench.isAlive(pid))
        #expect(await loop.status.state == .stopped)
    }

    @Test("stops waiting when it is stopped")
    func stopsWaiting() async throws {
        let right = ScriptedRight(.end(within: .zero))
        let loop = loop(Self.serves, right)
        let running = Task { await loop.run() }
        try await eventually("it waits") { await loop.status.state == .waiting }
        await loop.stop()
        await running.value
        #expect(await loop.status.state == .stopped)
        #expect(bench.log().isEmpty)
    }

    @Test("ends in order while there is time, which is no crash, and comes back with the right")
    func endsInOrder() async throws {
        let right = ScriptedRight(.run)
        let loop = loop("trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done", right)
        let running = Task { await loop.run() }
        let pid = try await up(loop)
        right.set(.end(within: .seconds(10)))
        try await eventually("it waits") { await loop.status.state == .waiting }
        #expect(!bench.isAlive(pid) && bench.log() == ["up", "bye"] && bench.record == nil)
        right.set(.run)
        _ = try await up(loop, 2)
        #expect(await loop.status.restarts == 0)
        #expect(right.givenUp.isEmpty)
        await loop.stop()
        await running.value
    }

    @Test("is killed when its time is over, also while it still ends in order")
    func isKilled() async throws {
        let right = ScriptedRight(.run)
        let loop = loop(Self.stubborn, right, stopSeconds: 60)
        let running = Task { await loop.run() }
        let pid = try await up(loop)
        right.set(.end(within: .seconds(60)))
        try await Task.sleep(for: .milliseconds(400))
        #expect(bench.isAlive(pid), "it ignores the signal")
        let start = ContinuousClock.now
        right.set(.end(within: .zero))
        try await eventually("it is gone") { !bench.isAlive(pid) }
        // Its own stop would have taken 60 s.
        #expect(start.duration(to: .now) < .seconds(40))
        await loop.stop()
        await running.value
    }

    @Test("is given to another host once it keeps ending here")
    func failsHere() async throws {
        let right = ScriptedRight(.run)
        let loop = loop("exit 1", right)
        let running = Task { await loop.run() }
        try await eventually("it has failed") { await loop.status.state == .failed }
        try await eventually("it is given up") { right.givenUp == [false] }
        await loop.stop()
        await running.value
    }

    @Test("goes on under the next agent of its host, which has the right, and ends where that agent has none")
    func nextAgents() async throws {
        let first = loop(Self.serves, ScriptedRight(.run))
        let running = Task { await first.run() }
        let pid = try await up(first)
        running.cancel()
        await running.value
        #expect(bench.isAlive(pid))

        let second = loop(Self.serves, ScriptedRight(.run, isInherited: true))
        let again = Task { await second.run() }
        #expect(try await bench.running(second) == pid)
        again.cancel()
        await again.value

        let third = loop(Self.serves, ScriptedRight(.end(within: .zero), isInherited: true))
        let last = Task { await third.run() }
        try await eventually("it waits") { await third.status.state == .waiting }
        #expect(!bench.isAlive(pid) && bench.log() == ["up"])
        await third.stop()
        await last.value
    }

    @Test("ends in order where it was started when every host ran it")
    func placedAnew() async throws {
        let first = loop("trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done", ScriptedRight(.run))
        let running = Task { await first.run() }
        let pid = try await up(first)
        running.cancel()
        await running.value
        let second = loop(
            "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done", ScriptedRight(.end(within: .zero)))
        let again = Task { await second.run() }
        try await eventually("it waits") { await second.status.state == .waiting }
        #expect(!bench.isAlive(pid) && bench.log() == ["up", "bye"])
        await second.stop()
        await again.value
    }

    @Test("is known to the next agent by a lease of this boot alone")
    func records() throws {
        let path = ClaimRecord.path("clock", in: bench.folder.path)
        let lease = Lease(id: LeaseID(9), timeToLive: .seconds(25), validUntil: .now + .seconds(25))
        try ClaimRecord(lease).save(to: path)
        #expect(ClaimRecord.load(path) == lease && ClaimRecord.workers(in: bench.folder.path) == ["clock"])
        try ClaimRecord(lease, bootID: "another").save(to: path)
        #expect(ClaimRecord.load(path) == nil)
    }

    @Test("is ended and given up where its host has no part in it any more, and only given up where every host runs it")
    func formerClaims() async throws {
        let folder = bench.folder.path
        let lease = Lease(id: LeaseID(9), timeToLive: .seconds(25), validUntil: .now + .seconds(25))
        for name in ["app", "other", "clock"] {
            try ClaimRecord(lease).save(to: ClaimRecord.path(name, in: folder))
        }
        let loop = loop(Self.serves, ScriptedRight(.run))
        let running = Task { await loop.run() }
        let pid = try await bench.running(loop)
        running.cancel()
        await running.value
        var (other, clock) = (bench.service("exit"), bench.service("exit"))
        other.label = "other"
        clock.label = "clock"
        clock.placement = .one
        let told = Mutex<[String]>([])
        await FormerClaims(folder: folder, services: [other, clock]).end { worker, id in
            #expect(id == lease.id && !bench.isAlive(pid))
            told.withLock { $0.append(worker) }
        }
        #expect(told.withLock { $0 } == ["app", "other"])
        #expect(ClaimRecord.workers(in: folder) == ["clock"])
    }
}

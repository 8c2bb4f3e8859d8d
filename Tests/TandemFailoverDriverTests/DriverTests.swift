import Foundation
import Synchronization
import TandemCoordination
import TandemFailover
import Testing

@testable import TandemFailoverDriver

/// The driver alone: a server that a test moves by hand, and a store without etcd.
@Suite("The driver of the failover")
struct DriverTests {
    private static func configuration(_ timing: Timing = Timing()) -> FailoverConfiguration {
        FailoverConfiguration(
            host: HostID(0), dataHosts: HostSet(HostID(0), HostID(1)), members: HostSet(HostID(2)), timing: timing,
            newCluster: 4711)
    }

    private func with(
        _ hands: ScriptedHands, _ store: ScriptedStore, timing: Timing = Timing(),
        settings: DriverSettings = DriverSettings(), _ body: (FailoverDriver) async throws -> Void
    ) async throws {
        let driver = FailoverDriver(
            configuration: Self.configuration(timing), hands: hands, store: store, peers: SilentPeers(),
            settings: settings, logger: quietLogger)
        let task = Task { await driver.run() }
        do {
            try await body(driver)
        } catch {
            task.cancel()
            await task.value
            throw error
        }
        task.cancel()
        await task.value
    }

    @Test("founds a stack, opens its server, notes the stack first, and says when each step was done")
    func founds() async throws {
        let hands = ScriptedHands()
        let store = ScriptedStore()
        try await with(hands, store) { driver in
            try await eventually("the server is open") {
                // The other host with a database has to say that it has no data.
                await driver.receive(.status(PeerStatus(isFresh: true)), from: HostID(1))
                return await driver.report.takesWrites
            }
            try await eventually("the history is complete") { store.state.withLock { $0.history[1]?.opened != nil } }
            #expect(await driver.report.role == .primary)
            #expect(await driver.report.epoch == 1)
            #expect(hands.state.withLock { $0.remembered } == [4711])
            try await eventually("it heartbeats") { hands.state.withLock { $0.heartbeats } > 2 }
        }
    }

    @Test("lets clients write first after a change of primary, and delays no other start")
    func settling() {
        func report(_ role: FailoverReport.Role, _ access: ServerObservation.Access?) -> FailoverReport {
            var report = FailoverReport()
            (report.role, report.access) = (role, access)
            return report
        }
        func pauses(_ story: [(FailoverReport.Role, ServerObservation.Access?, Milliseconds)]) -> [Milliseconds] {
            var settling = Settling()
            var last = report(.unknown, nil)
            for (role, access, now) in story {
                settling.note(from: last, to: report(role, access), at: now)
                last = report(role, access)
            }
            let commands: [ServerCommand] = [.admit(HostSet()), .stopApplier, .forgetSource, .inspect]
            return commands.map { settling.pause(before: $0, at: 1_100) } + [
                settling.pause(before: .setAccess(.writing), at: 1_100),
                settling.pause(before: .stopReceiver, at: 1_100),
                settling.pause(before: .stopApplier, at: 1_400),
            ]
        }
        // The partner is named, and opens.
        #expect(
            pauses([(.partner, .reading, 0), (.primary, .reading, 990), (.primary, .writing, 1_000)]) == [
                150, 150, 150, 150, 0, 0, 0,
            ])
        // The primary has handed over.
        #expect(pauses([(.primary, .closed, 900), (.replica, .closed, 1_000)]) == [150, 150, 150, 150, 0, 0, 0])
        // It is started again, long after it took over.
        #expect(
            pauses([
                (.partner, .reading, 0), (.primary, .reading, 10), (.primary, .writing, 20), (.primary, nil, 900),
                (.primary, .writing, 1_000),
            ]) == Array(repeating: 0, count: 7))
        // A primary that starts, or that an agent finds.
        #expect(pauses([(.primary, .closed, 900), (.primary, .writing, 1_000)]) == Array(repeating: 0, count: 7))
        #expect(pauses([(.primary, .writing, 1_000)]) == Array(repeating: 0, count: 7))
        #expect(pauses([(.partner, .reading, 900), (.replica, .reading, 1_000)]) == Array(repeating: 0, count: 7))
    }

    @Test("opens first, and locks accounts for the next partner when clients have written")
    func opensFirst() async throws {
        let hands = ScriptedHands()
        hands.state.withLock { state in
            state.seen = ServerObservation(life: .up, isPrepared: true, isFresh: false, bootCount: 7)
            state.seen.access = .reading
        }
        let store = ScriptedStore()
        store.state.withLock { state in
            state.snapshot.cluster = 4711
            state.snapshot.state = StateRecord(epoch: 1, primary: HostID(1), standing: .paired(HostID(0)))
            (state.snapshot.stateRevision, state.revision) = (1, 1)
        }
        try await with(hands, store) { driver in
            try await eventually("it is the partner") { await driver.report.role == .partner }
            store.state.withLock { state in
                state.snapshot.state = StateRecord(epoch: 2, primary: HostID(0), standing: .alone)
                (state.snapshot.stateRevision, state.revision) = (2, 2)
            }
            store.hint.yield()
            // Not for the last that is told: what comes after it may come before this looks.
            try await eventually("it has opened, and admits") {
                let story = hands.story
                guard let opened = story.lastIndex(of: "end setAccess") else { return false }
                return story[opened...].contains("end admit")
            }
            #expect(await driver.report.takesWrites)
        }
        let opened = try #require(hands.time(of: "end setAccess"))
        let admits = try #require(hands.time(of: "begin admit"))
        #expect(admits - opened >= .milliseconds(Settling.time - 50))
    }

    @Test("numbers looks when they begin, and no two alike")
    func numbersLooks() async throws {
        let hands = ScriptedHands()
        try await with(hands, ScriptedStore()) { _ in
            try await eventually("it has looked") { hands.state.withLock { $0.looks.count } > 20 }
        }
        let looks = hands.state.withLock { $0.looks }
        #expect(Set(looks).count == looks.count)
    }

    @Test("takes what a partner applies for no sign of a change, and what a candidate still has to apply for one")
    func tellsWorkloadFromChanges() {
        var (first, later) = (
            ServerObservation(life: .up, order: 1), ServerObservation(life: .up, receivedCount: 8, order: 2)
        )
        later.hasAppliedAll = false
        #expect(first.withoutWorkload != later.withoutWorkload)
        (first.receiverAcknowledges, later.receiverAcknowledges) = (true, true)
        later.hasWaitingCommits = true
        #expect(first.withoutWorkload == later.withoutWorkload, "a commit that waits for a moment")
        later.access = .reading
        #expect(first.withoutWorkload != later.withoutWorkload)
    }

    @Test("looks more often as soon as something changes, and not before")
    func looksMoreOftenAfterAChange() async throws {
        let hands = ScriptedHands()
        var settings = DriverSettings()
        settings.lookInterval = 1_000_000
        try await with(hands, ScriptedStore(), settings: settings) { _ in
            // The first look itself is a change, which counts for two seconds, as does what it leads to.
            try await Task.sleep(for: .seconds(3))
            var before = 0
            try await eventually("it looks no more", within: .seconds(60)) {
                before = hands.state.withLock { $0.looks.count }
                try await Task.sleep(for: .seconds(1))
                return hands.state.withLock { $0.looks.count } == before
            }
            let seen = before
            hands.state.withLock { $0.seen = ServerObservation(life: .up, bootCount: 7) }
            hands.ended.yield()
            try await eventually("it looks again and again") {
                hands.state.withLock { $0.looks.count } > seen + 10
            }
        }
    }

    @Test("looks less often while no client is at work")
    func looksLessOftenAtRest() async throws {
        let hands = ScriptedHands()
        var settings = DriverSettings()
        settings.lookInterval = 20
        settings.livelyLookInterval = 1_000_000
        settings.restLookInterval = 1_000_000
        try await with(hands, ScriptedStore(), settings: settings) { _ in
            let count = { hands.state.withLock { $0.looks.count } }
            try await eventually("it looks again and again") { count() > 20 }
            hands.state.withLock { $0.isInUse = false }
            var before = 0
            try await eventually("it rests") {
                before = count()
                try await Task.sleep(for: .milliseconds(500))
                return count() - before < 3
            }
        }
    }

    @Test("looks at once when the server's process ends")
    func looksWhenTheProcessEnds() async throws {
        let hands = ScriptedHands()
        var settings = DriverSettings()
        settings.lookInterval = 1_000_000
        settings.livelyLookInterval = 1_000_000
        try await with(hands, ScriptedStore(), settings: settings) { driver in
            try await eventually("it has looked") { hands.state.withLock { !$0.looks.isEmpty } }
            // A server that was adopted, say.
            hands.state.withLock { $0.seen = ServerObservation(life: .up, bootCount: 7) }
            hands.ended.yield()
            try await eventually("it looks again") { await driver.report.life == .up }
        }
    }

    @Test("ends a step that was given up before the next command begins")
    func endsWhatWasGivenUp() async throws {
        let hands = ScriptedHands()
        hands.state.withLock { $0.hangs = ["startServer"] }
        var timing = Timing()
        timing.bootPatience = 300
        try await with(hands, ScriptedStore(), timing: timing) { _ in
            try await eventually("the server is killed") { hands.story.contains("end killServer") }
        }
        let story = hands.story
        let given = try #require(story.firstIndex(of: "end startServer"))
        let next = try #require(story.firstIndex(of: "begin killServer"))
        #expect(given < next, "\(story)")
    }

    @Test("reads the store at once when that tells of a change")
    func heedsHints() async throws {
        let store = ScriptedStore()
        var timing = Timing()
        timing.refreshInterval = 1_000_000
        try await with(ScriptedHands(), store, timing: timing) { _ in
            try await eventually("it has read") { store.state.withLock { $0.refreshes } > 0 }
            try await Task.sleep(for: .milliseconds(300))
            let before = store.state.withLock { $0.refreshes }
            store.hint.yield()
            try await eventually("it reads again") { store.state.withLock { $0.refreshes } > before }
        }
    }

    @Test("goes on with new times, and not with other hosts")
    func adopts() async throws {
        try await with(ScriptedHands(), ScriptedStore()) { driver in
            var other = Self.configuration()
            other.timing.refreshInterval = 77
            #expect(await driver.adopt(other))
            #expect(await driver.machine.configuration.timing.refreshInterval == 77)
            other.dataHosts = HostSet(HostID(0))
            #expect(await !driver.adopt(other))
        }
    }

    @Test("ends its server from a thread of its own where the agent's tasks get no time")
    func fencesWhileStarved() async throws {
        let ends = Counter()
        let watchdog = FenceWatchdog { ends.count.withLock { $0 += 1 } }
        watchdog.start()
        defer { watchdog.stop() }
        watchdog.set(.now + .milliseconds(400))
        // All threads that tasks run on are busy: what the driver would do does not happen.
        let seen = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
                group.addTask {
                    // Until it came, or would have come on any machine.
                    let until = ContinuousClock.now + .seconds(20)
                    while ContinuousClock.now < until, ends.count.withLock({ $0 }) == 0 {}
                    return ends.count.withLock { $0 }
                }
            }
            return await group.reduce(0, max)
        }
        #expect(seen == 1, "it came while they were busy")
        // Moved on in time, it does nothing.
        for _ in 0..<10 {
            watchdog.set(.now + .seconds(60))
            try await Task.sleep(for: .milliseconds(50))
        }
        watchdog.set(nil)
        try await Task.sleep(for: .milliseconds(1_500))
        #expect(ends.count.withLock { $0 } == 1)
    }
}

private final class Counter: Sendable {
    let count = Mutex(0)
}

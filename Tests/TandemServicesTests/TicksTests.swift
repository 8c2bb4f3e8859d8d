import Synchronization
import TandemServices
import Testing

@Suite("Those who look again and again wake together")
struct TicksTests {
    @Test("All who wait for a moment are woken at that moment, and none early")
    func together() async throws {
        let times = try await withThrowingTaskGroup(of: ContinuousClock.Instant.self) { group in
            // Not across a tick.
            try await Ticks.next(every: .milliseconds(500))
            for _ in 0..<20 {
                group.addTask {
                    try await Ticks.next(every: .milliseconds(500))
                    return .now
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let first = try #require(times.min())
        let last = try #require(times.max())
        #expect(last - first < .milliseconds(400))
        let begin = ContinuousClock.now
        try await Ticks.after(.milliseconds(300))
        #expect(ContinuousClock.now - begin >= .milliseconds(300))
    }

    @Test("Who is cancelled wakes at once, before it waits and while it does, and the others wait on")
    func cancelled() async throws {
        let woken = Counter()
        let begin = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Ticks.after(.seconds(2))
                woken.increase()
            }
            for pause in [0, 50, 200] {
                group.addTask {
                    let late = Task { try await Ticks.after(.seconds(600)) }
                    try await Task.sleep(for: .milliseconds(pause))
                    late.cancel()
                    await #expect(throws: CancellationError.self) { try await late.value }
                }
            }
            try await group.waitForAll()
        }
        #expect(woken.now == 1)
        #expect(ContinuousClock.now - begin < .seconds(60))
    }

    @Test("Nobody is forgotten or woken twice where many come and go")
    func many() async throws {
        let woken = Counter()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<2_000 {
                group.addTask {
                    let wait = Task {
                        try await Ticks.next(every: .milliseconds(20))
                        woken.increase()
                    }
                    if index.isMultiple(of: 3) { wait.cancel() }
                    _ = await wait.result
                }
            }
        }
        #expect(woken.now >= 2_000 - 667)
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    var now: Int { count.withLock { $0 } }
    func increase() { count.withLock { $0 += 1 } }
}

import Synchronization

/// Moments at which all who look at something again and again do so together, so that the processor wakes once for all: all who wait for
/// the same moment share one timer.
public enum Ticks {
    private static let origin = ContinuousClock.now
    private static let waiting = Waiting()
    /// Of which `after` counts a multiple.
    private static let grain = Duration.milliseconds(500)

    /// Sleeps until this process's age is a multiple of the interval: for that long at most.
    /// - Throws: `CancellationError`, at once when the task is cancelled.
    public static func next(every interval: Duration) async throws {
        try await waiting.wait(until: moment(after: .now, every: interval))
    }

    /// Sleeps for at least so long, and up to half a second longer: for what is almost never waited for to its end.
    /// - Throws: `CancellationError`, at once when the task is cancelled.
    public static func after(_ least: Duration) async throws {
        try await waiting.wait(until: moment(after: .now + least, every: grain))
    }

    private static func moment(after instant: ContinuousClock.Instant, every interval: Duration)
        -> ContinuousClock.Instant
    {
        origin + interval * (((instant - origin) / interval).rounded(.down) + 1)
    }
}

/// Who waits for which moment.
private final class Waiting: Sendable {
    typealias Moment = ContinuousClock.Instant
    typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var last: UInt64 = 0
        var waiters: [Moment: [UInt64: Waiter]] = [:]
        /// Cancelled before they had begun to wait.
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    func wait(until moment: Moment) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        defer { state.withLock { _ = $0.cancelled.remove(number) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin($0, number, moment) }
        } onCancel: {
            cancel(number, moment)
        }
    }

    private func begin(_ waiter: Waiter, _ number: UInt64, _ moment: Moment) {
        let (isCancelled, isFirst) = state.withLock { state in
            guard state.cancelled.remove(number) == nil else { return (true, false) }
            let isFirst = state.waiters[moment] == nil
            state.waiters[moment, default: [:]][number] = waiter
            return (false, isFirst)
        }
        if isCancelled { return waiter.resume(throwing: CancellationError()) }
        guard isFirst else { return }
        // Belongs to nobody who waits, any of whom may be cancelled.
        Task.detached { [self] in
            try? await Task.sleep(until: moment, clock: .continuous)
            let due = state.withLock { $0.waiters.removeValue(forKey: moment) }
            for waiter in (due ?? [:]).values { waiter.resume() }
        }
    }

    private func cancel(_ number: UInt64, _ moment: Moment) {
        let waiter = state.withLock { state -> Waiter? in
            guard let waiter = state.waiters[moment]?.removeValue(forKey: number) else {
                state.cancelled.insert(number)
                return nil
            }
            return waiter
        }
        waiter?.resume(throwing: CancellationError())
    }
}

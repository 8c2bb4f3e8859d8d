import Synchronization

/// Moments at which all who look at something again and again do so together, so that the processor wakes once for all:
/// all who wait for the same moment share one timer.
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
    }

    private let state = Mutex(State())

    func wait(until moment: Moment) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin($0, number, moment) }
        } onCancel: {
            cancel(number, moment)
        }
    }

    private func begin(_ waiter: Waiter, _ number: UInt64, _ moment: Moment) {
        // A task that is cancelled before this has no waiter that `cancel` could find.
        let isFirst = state.withLock { state -> Bool? in
            guard !Task.isCancelled else { return nil }
            let isFirst = state.waiters[moment] == nil
            state.waiters[moment, default: [:]][number] = waiter
            return isFirst
        }
        guard let isFirst else { return waiter.resume(throwing: CancellationError()) }
        guard isFirst else { return }
        // The timer is a task of its own: each waiter's task may be cancelled while other waiters still wait.
        Task.detached { [self] in
            try? await Task.sleep(until: moment, clock: .continuous)
            let due = state.withLock { $0.waiters.removeValue(forKey: moment) }
            for waiter in (due ?? [:]).values { waiter.resume() }
        }
    }

    private func cancel(_ number: UInt64, _ moment: Moment) {
        let waiter = state.withLock { $0.waiters[moment]?.removeValue(forKey: number) }
        waiter?.resume(throwing: CancellationError())
    }
}

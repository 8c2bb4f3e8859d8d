import Synchronization

/// Rings when there is news, for tasks that wait for some.
final class Bell: Sendable {
    private struct State {
        var rings = 0
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// How often it rang: take this before looking, and wait for more after having found nothing.
    var rings: Int { state.withLock { $0.rings } }

    func ring() {
        let waiters = state.withLock { state in
            state.rings += 1
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when it has rung more than `rings` times, after `timeout`, or when the task is cancelled.
    func wait(after rings: Int, for timeout: Duration) async {
        guard timeout > .zero, self.rings == rings else { return }
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        var timer: Task<Void, Never>?
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.rings == rings, !Task.isCancelled else { return false }
                    state.waiters[number] = continuation
                    return true
                }
                guard mustWait else { return continuation.resume() }
                timer = Task {
                    try? await Task.sleep(for: timeout)
                    self.release(number)
                }
            }
        } onCancel: {
            release(number)
        }
        timer?.cancel()
    }

    private func release(_ number: Int) {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
}

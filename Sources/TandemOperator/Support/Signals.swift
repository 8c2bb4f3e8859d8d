import Dispatch
import Foundation
import Synchronization

/// Signals, SIGINT, SIGTERM and SIGHUP unless others are named, as something that can be waited for, again and again.
///
/// From `init` on these signals do not end the process.
package final class StopSignals: Sendable {
    private let waiters = Waiters()
    private let sources: Mutex<[any DispatchSourceSignal]>

    package init(_ numbers: [Int32] = [SIGINT, SIGTERM, SIGHUP]) {
        sources = Mutex(
            numbers.map { [waiters] number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { waiters.received() }
                source.resume()
                return source
            })
    }

    deinit { sources.withLock { sources in for source in sources { source.cancel() } } }

    /// Returns when a signal has come that no earlier call has returned for, or when the task is cancelled.
    package func wait() async { await waiters.wait() }

    private final class Waiters: Sendable {
        private struct State {
            /// Signals that nobody has waited for yet.
            var pending = 0
            var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
            var lastNumber = 0
        }

        private let state = Mutex(State())

        func wait() async {
            let number = state.withLock { state in
                state.lastNumber += 1
                return state.lastNumber
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isOver = state.withLock { state in
                        if Task.isCancelled { return true }
                        if state.pending > 0 {
                            state.pending -= 1
                            return true
                        }
                        state.waiting[number] = continuation
                        return false
                    }
                    if isOver { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
            }
        }

        func received() {
            let waiting = state.withLock { state in
                defer { state.waiting = [:] }
                if state.waiting.isEmpty { state.pending += 1 }
                return Array(state.waiting.values)
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    /// Runs `body` until it ends, or until a signal asks us to stop: then it is cancelled and waited for.
    package static func runUntilToldToStop(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let signals = StopSignals()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                await signals.wait()
                return false
            }
            let isDone = try await group.next() ?? true
            group.cancelAll()
            guard !isDone else { return }
            // The body was cancelled here, so a CancellationError is expected.
            do { _ = try await group.next() } catch is CancellationError {}
        }
    }
}

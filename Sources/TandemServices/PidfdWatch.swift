import Dispatch
import Synchronization

/// Waits for a pidfd without a thread of its own.
enum PidfdWatch {
    /// Returns when the descriptor is readable, or when the task is cancelled.
    static func waitUntilReadable(_ descriptor: Int32) async {
        let waiter = Waiter(descriptor)
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter.start($0) }
        } onCancel: {
            waiter.cancel()
        }
    }

    private final class Waiter: Sendable {
        private enum State {
            case idle
            case waiting(CheckedContinuation<Void, Never>, any DispatchSourceRead)
            case done
        }
        private let descriptor: Int32
        private let state = Mutex(State.idle)

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        func start(_ continuation: CheckedContinuation<Void, Never>) {
            let isDone = state.withLock { state in
                if case .done = state { return true }
                let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
                source.setEventHandler { [self] in cancel() }
                source.resume()
                state = .waiting(continuation, source)
                return false
            }
            if isDone { continuation.resume() }
        }

        func cancel() {
            let waiting = state.withLock { state -> (CheckedContinuation<Void, Never>, any DispatchSourceRead)? in
                defer { state = .done }
                if case .waiting(let continuation, let source) = state { return (continuation, source) }
                return nil
            }
            guard let (continuation, source) = waiting else { return }
            // The descriptor may be closed by its owner once we return: not before Dispatch let go of it.
            source.setCancelHandler { continuation.resume() }
            source.cancel()
        }
    }
}

/// Remembers how a process ended, since a child can be waited for only once.
final class EndingBox: Sendable {
    private let value = Mutex<RunningProcess.Ending?>(nil)

    func resolve(_ find: () -> RunningProcess.Ending) -> RunningProcess.Ending {
        value.withLock { value in
            if let value { return value }
            let found = find()
            value = found
            return found
        }
    }
}

import Synchronization

/// One statement on its way to a connection, and the task that waits for its result.
///
/// It travels by itself, without its task: a connection that has done with one takes the next on the thread where it
/// is, and no task has to be woken in between only to say what it wants.
final class QueuedQuery: Sendable {
    /// Unchecked, for `finish` lets go of it; to have it checked, too, would allocate memory for each statement.
    typealias Continuation = UnsafeContinuation<MySQLResult, any Error>

    private struct State {
        var continuation: Continuation?
        var isCancelled = false
        var running: (canceller: StatementCanceller, statement: UInt64)?
    }

    let id: PoolStateMachine.WaiterID
    let query: MySQLQuery
    let file: String
    let line: Int
    let start = ContinuousClock.now
    private let state = Mutex(State())

    init(id: PoolStateMachine.WaiterID, query: MySQLQuery, file: String, line: Int) {
        self.id = id
        self.query = query
        self.file = file
        self.line = line
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func attach(_ continuation: Continuation) { state.withLock { $0.continuation = continuation } }

    /// - Returns: the statement's number; `nil` when nobody wants it any more.
    func begin(on canceller: StatementCanceller) -> UInt64? {
        state.withLock { state in
            guard !state.isCancelled else { return nil }
            let statement = canceller.begin()
            state.running = (canceller, statement)
            return statement
        }
    }

    /// Ends the statement if it runs. If it does not yet, it never will.
    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            if let running = state.running { running.canceller.cancel(running.statement, .kill) }
        }
    }

    func finish(with result: Result<MySQLResult, any Error>) {
        let continuation = state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(with: result)
    }
}

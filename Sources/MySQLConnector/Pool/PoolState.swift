import Synchronization

/// What the pool's lock guards.
struct PoolState {
    enum Waiter {
        case lease(CheckedContinuation<PoolLease, any Error>)
        case query(QueuedQuery)
    }

    var machine: PoolStateMachine
    var connections: [PoolStateMachine.ConnectionID: MySQLConnection] = [:]
    var waiters: [PoolStateMachine.WaiterID: Waiter] = [:]
    var isRunning = false
    var lastConnectError: String?
    var openedTotal = 0
    var connectFailuresTotal = 0

    init(machine: PoolStateMachine) { self.machine = machine }
}

/// What `run` does for the pool.
enum PoolCommand: Sendable {
    case open(PoolStateMachine.ConnectionID, after: Duration)
    case close(MySQLConnection)
    case probe(PoolStateMachine.ConnectionID, MySQLConnection)
    case reset(PoolLease)
    case endStream(OpenStream, PoolLease)
    case wake(at: Duration)
}

extension MySQLClient {
    /// Since the pool was made.
    var now: Duration { ContinuousClock.now - epoch }

    /// Tells the machine of an event, and does what it says.
    func apply(_ event: (inout PoolState, Duration) -> [PoolStateMachine.Action]) {
        pool.withLock { state in
            let actions = event(&state, now)
            carryOut(actions, &state)
        }
    }

    /// Resuming a task under the lock is safe: it only queues the task.
    func carryOut(_ actions: [PoolStateMachine.Action], _ state: inout PoolState) {
        for action in actions {
            switch action {
            case .open(let id, let delay): commandSink.yield(.open(id, after: delay))
            case .wake(let time): commandSink.yield(.wake(at: time))
            case .probe(let id):
                guard let connection = state.connections[id] else { continue }
                commandSink.yield(.probe(id, connection))
            case .finish: commandSink.finish()
            case .fail(let waiter, let reason):
                if reason == .timeout { instruments.timedOut() }
                if let waiter = state.waiters.removeValue(forKey: waiter) { refuse(waiter, refusal(reason, state)) }
            case .hand(let id, let waiter):
                guard let connection = state.connections[id], let waiter = state.waiters.removeValue(forKey: waiter)
                else { continue }
                hand(PoolLease(id: id, connection: connection), to: waiter)
            case .close(let id):
                guard let connection = state.connections.removeValue(forKey: id) else { continue }
                if case .enqueued = commandSink.yield(.close(connection)) { continue }
                Task { await connection.close() }
            }
        }
    }

    func hand(_ lease: PoolLease, to waiter: PoolState.Waiter) {
        switch waiter {
        case .lease(let continuation): continuation.resume(returning: lease)
        case .query(let request): lease.connection.serve(request, for: self, lease, wasIdle: false)
        }
    }

    func refuse(_ waiter: PoolState.Waiter, _ error: any Error) {
        switch waiter {
        case .lease(let continuation): continuation.resume(throwing: error)
        case .query(let request): request.finish(with: .failure(error))
        }
    }

    func refusal(_ reason: PoolStateMachine.Refusal, _ state: PoolState) -> MySQLError {
        let server = "MySQL at \(configuration.address)"
        let cause = state.lastConnectError.map { "; the last attempt to connect: \($0)" } ?? ""
        switch reason {
        case .timeout:
            let usage = "\(state.machine.leasedCount) of at most \(options.maximumConnections) in use"
            let running = state.isRunning ? "" : "; the client is not running: call run()"
            return MySQLError(
                code: .poolTimeout,
                message:
                    "no connection to \(server) became free within \(options.acquireTimeout): \(usage)\(cause)\(running)"
            )
        case .queueFull:
            return MySQLError(
                code: .poolQueueFull,
                message: "\(options.maximumWaiters) tasks wait for a connection to \(server) already\(cause)")
        case .unreachable:
            return MySQLError(code: .connectFailed, message: "\(server) cannot be reached at the moment\(cause)")
        case .closed: return MySQLError(code: .poolClosed, message: "the client for \(server) has been shut down")
        }
    }
}

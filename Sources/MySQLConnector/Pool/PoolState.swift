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

/// What has to be done about the pool without its lock.
enum PoolEffect {
    case hand(PoolLease, to: PoolState.Waiter)
    case refuse(PoolState.Waiter, PoolStateMachine.Refusal, MySQLError)
    case command(PoolCommand)
    case finish
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
        let now = now
        let effects = pool.withLock { state in
            let actions = event(&state, now)
            return self.effects(of: actions, &state)
        }
        carryOut(effects)
    }

    /// What the pool has to do for the actions, for `carryOut` when the lock is open again: a client that is woken
    /// while the lock is held runs into it at once.
    func effects(of actions: [PoolStateMachine.Action], _ state: inout PoolState) -> [PoolEffect] {
        actions.compactMap { action in
            switch action {
            case .open(let id, let delay): .command(.open(id, after: delay))
            case .wake(let time): .command(.wake(at: time))
            case .probe(let id): state.connections[id].map { .command(.probe(id, $0)) }
            case .close(let id): state.connections.removeValue(forKey: id).map { .command(.close($0)) }
            case .finish: .finish
            case .fail(let waiter, let reason):
                state.waiters.removeValue(forKey: waiter).map { .refuse($0, reason, refusal(reason, state)) }
            case .hand(let id, let waiter):
                if let connection = state.connections[id], let waiter = state.waiters.removeValue(forKey: waiter) {
                    .hand(PoolLease(id: id, connection: connection), to: waiter)
                } else {
                    nil
                }
            }
        }
    }

    func carryOut(_ effects: [PoolEffect]) {
        for effect in effects {
            switch effect {
            case .hand(let lease, let waiter): hand(lease, to: waiter, wasIdle: false)
            case .refuse(let waiter, let reason, let error):
                if reason == .timeout { instruments.timedOut() }
                refuse(waiter, error)
            case .finish: commandSink.finish()
            case .command(let command):
                if case .enqueued = commandSink.yield(command) { continue }
                // Shut down in between.
                if case .close(let connection) = command { Task { await connection.close() } }
            }
        }
    }

    /// - Parameter wasIdle: the connection was not in use just now.
    func hand(_ lease: PoolLease, to waiter: PoolState.Waiter, wasIdle: Bool) {
        switch waiter {
        case .lease(let continuation): continuation.resume(returning: lease)
        case .query(let request): lease.connection.serve(request, for: self, lease, wasIdle: wasIdle)
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

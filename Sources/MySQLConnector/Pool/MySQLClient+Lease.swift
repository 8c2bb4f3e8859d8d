import Synchronization

/// A connection in the hands of one task.
struct PoolLease: Sendable {
    let id: PoolStateMachine.ConnectionID
    let connection: MySQLConnection
}

extension MySQLClient {
    func acquire() async throws -> PoolLease {
        try Task.checkCancellation()
        while true {
            let lease = try await acquireAny()
            // The server may have gone while the connection lay idle.
            if lease.connection.isUsable, lease.connection.socket.isQuiet { return lease }
            apply { $0.machine.released(lease.id, isReusable: false, at: $1) }
        }
    }

    func release(_ lease: PoolLease) {
        let session = lease.connection.session
        if session.isUsable, session.needsReset {
            guard case .enqueued = commandSink.yield(.reset(lease)) else { return finish(lease, isReusable: false) }
        } else {
            finish(lease, isReusable: session.isUsable)
        }
    }

    /// Releases a connection that the next in the queue may have at once, as it is.
    ///
    /// - Parameter now: since the pool was made.
    /// - Returns: that one's statement, if it is one; the lease is for it then.
    func releaseToNext(_ lease: PoolLease, at now: Duration) -> QueuedQuery? {
        guard lease.connection.session.isClean else {
            release(lease)
            return nil
        }
        let (waiter, effects) = pool.withLock { state -> (PoolState.Waiter?, [PoolEffect]) in
            if let next = state.machine.passedOn(lease.id, at: now) {
                return (state.waiters.removeValue(forKey: next), [])
            }
            return (nil, self.effects(of: state.machine.released(lease.id, isReusable: true, at: now), &state))
        }
        switch waiter {
        case .query(let request): return request
        case .lease(let continuation): continuation.resume(returning: lease)
        case nil: carryOut(effects)
        }
        return nil
    }

    /// Ends a statement whose rows nobody reads any more, then releases its connection.
    func endInBackground(_ stream: OpenStream, _ lease: PoolLease) {
        guard case .enqueued = commandSink.yield(.endStream(stream, lease)) else {
            return finish(lease, isReusable: false)
        }
    }

    func finish(_ lease: PoolLease, isReusable: Bool) {
        apply { $0.machine.released(lease.id, isReusable: isReusable, at: $1) }
    }

    /// An idle connection, for one who then needs not wait.
    private func takeIdle() -> PoolLease? {
        pool.withLock { state in
            state.machine.acquireIdle().flatMap { id in
                state.connections[id].map { PoolLease(id: id, connection: $0) }
            }
        }
    }

    private func acquireAny() async throws -> PoolLease {
        if let idle = takeIdle() { return idle }
        let waiter = lastWaiter.wrappingAdd(1, ordering: .relaxed).newValue
        let start = ContinuousClock.now
        defer { instruments.waited(for: ContinuousClock.now - start) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enqueue(waiter, .lease($0)) }
        } onCancel: {
            abandon(waiter)
        }
    }

    /// The task that waits is cancelled.
    func abandon(_ id: PoolStateMachine.WaiterID) {
        let (waiter, effects) = pool.withLock { state -> (PoolState.Waiter?, [PoolEffect]) in
            let (wasWaiting, actions) = state.machine.abandon(id)
            let waiter = wasWaiting ? state.waiters.removeValue(forKey: id) : nil
            return (waiter, self.effects(of: actions, &state))
        }
        if let waiter { refuse(waiter, CancellationError()) }
        carryOut(effects)
    }

    func enqueue(_ id: PoolStateMachine.WaiterID, _ waiter: PoolState.Waiter) {
        let now = now
        let (outcome, isRunning, effects) = pool.withLock { state -> (Outcome, Bool, [PoolEffect]) in
            // The handler has run already, and found nothing to cancel.
            if isCancelled(waiter) { return (.refused(CancellationError()), true, []) }
            let (acquisition, actions) = state.machine.acquire(for: id, at: now)
            let outcome = self.outcome(of: acquisition, waiter, id, &state)
            return (outcome, state.isRunning, self.effects(of: actions, &state))
        }
        switch outcome {
        case .leased(let lease): hand(lease, to: waiter, wasIdle: true)
        case .refused(let error): refuse(waiter, error)
        case .waiting: break
        }
        carryOut(effects)
        guard case .waiting = outcome else { return }
        // `run` keeps the time, once it runs. Until then a task that waits keeps its own, lest a forgotten `run` hang
        // it for ever.
        if !isRunning {
            Task { [weak self, timeout = options.acquireTimeout] in
                try await Task.sleep(for: timeout)
                self?.apply { $0.machine.wake(at: $1) }
            }
        }
    }

    private enum Outcome {
        case leased(PoolLease)
        case refused(any Error)
        case waiting
    }

    private func outcome(
        of acquisition: PoolStateMachine.Acquisition, _ waiter: PoolState.Waiter, _ id: PoolStateMachine.WaiterID,
        _ state: inout PoolState
    ) -> Outcome {
        switch acquisition {
        case .leased(let connectionID):
            guard let connection = state.connections[connectionID] else { return .refused(refusal(.closed, state)) }
            return .leased(PoolLease(id: connectionID, connection: connection))
        case .waiting:
            state.waiters[id] = waiter
            return .waiting
        case .refused(let reason): return .refused(refusal(reason, state))
        }
    }

    private func isCancelled(_ waiter: PoolState.Waiter) -> Bool {
        switch waiter {
        // The continuation is made by its own task.
        case .lease: Task.isCancelled
        case .query(let request): request.isCancelled
        }
    }
}

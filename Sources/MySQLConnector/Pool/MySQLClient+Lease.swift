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

    /// Ends a statement whose rows nobody reads any more, then releases its connection.
    func endInBackground(_ stream: OpenStream, _ lease: PoolLease) {
        guard case .enqueued = commandSink.yield(.endStream(stream, lease)) else {
            return finish(lease, isReusable: false)
        }
    }

    func finish(_ lease: PoolLease, isReusable: Bool) {
        apply { $0.machine.released(lease.id, isReusable: isReusable, at: $1) }
    }

    private func acquireAny() async throws -> PoolLease {
        let idle = pool.withLock { state in
            state.machine.acquireIdle().flatMap { id in state.connections[id].map { PoolLease(id: id, connection: $0) }
            }
        }
        if let idle { return idle }
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
        let waiter = pool.withLock { state -> PoolState.Waiter? in
            let (wasWaiting, actions) = state.machine.abandon(id)
            defer { carryOut(actions, &state) }
            return wasWaiting ? state.waiters.removeValue(forKey: id) : nil
        }
        if let waiter { refuse(waiter, CancellationError()) }
    }

    func enqueue(_ id: PoolStateMachine.WaiterID, _ waiter: PoolState.Waiter) {
        var isRunning = true
        let refusal = pool.withLock { state -> (any Error)? in
            // The handler has run already, and found nothing to cancel.
            if isCancelled(waiter) { return CancellationError() }
            isRunning = state.isRunning
            let (acquisition, actions) = state.machine.acquire(for: id, at: now)
            defer { carryOut(actions, &state) }
            switch acquisition {
            case .leased(let connectionID):
                guard let connection = state.connections[connectionID] else { return self.refusal(.closed, state) }
                hand(PoolLease(id: connectionID, connection: connection), to: waiter)
            case .waiting: state.waiters[id] = waiter
            case .refused(let reason): return self.refusal(reason, state)
            }
            return nil
        }
        if let refusal { return refuse(waiter, refusal) }
        // `run` keeps the time, once it runs. Until then a task that waits keeps its own, lest a forgotten `run` hang it for ever.
        if !isRunning {
            Task { [weak self, timeout = options.acquireTimeout] in
                try await Task.sleep(for: timeout)
                self?.apply { $0.machine.wake(at: $1) }
            }
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

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

    func finish(_ lease: PoolLease, isReusable: Bool) {
        apply { $0.machine.released(lease.id, isReusable: isReusable, at: $1) }
    }

    private func acquireAny() async throws -> PoolLease {
        let idle = pool.withLock { state in
            state.machine.acquireIdle().flatMap { id in state.connections[id].map { PoolLease(id: id, connection: $0) }
            }
        }
        if let idle { return idle }
        let waiter = pool.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enqueue(waiter, $0) }
        } onCancel: {
            let continuation = pool.withLock { state -> PoolState.Waiter? in
                let (wasWaiting, actions) = state.machine.abandon(waiter)
                defer { carryOut(actions, &state) }
                return wasWaiting ? state.waiters.removeValue(forKey: waiter) : nil
            }
            continuation?.resume(throwing: CancellationError())
        }
    }

    private func enqueue(_ id: PoolStateMachine.WaiterID, _ waiter: PoolState.Waiter) {
        var isRunning = true
        let outcome = pool.withLock { state -> Result<PoolLease, any Error>? in
            // The handler has run already, and found nothing to cancel.
            if Task.isCancelled { return .failure(CancellationError()) }
            isRunning = state.isRunning
            let (acquisition, actions) = state.machine.acquire(for: id, at: now)
            defer { carryOut(actions, &state) }
            switch acquisition {
            case .leased(let connectionID):
                guard let connection = state.connections[connectionID] else { return .failure(refusal(.closed, state)) }
                return .success(PoolLease(id: connectionID, connection: connection))
            case .waiting:
                state.waiters[id] = waiter
                return nil
            case .refused(let reason): return .failure(refusal(reason, state))
            }
        }
        if let outcome { return waiter.resume(with: outcome) }
        // `run` keeps the time, once it runs. Until then a task that waits keeps its own, lest a forgotten `run` hang it for ever.
        if !isRunning {
            Task { [weak self, timeout = options.acquireTimeout] in
                try await Task.sleep(for: timeout)
                self?.apply { $0.machine.wake(at: $1) }
            }
        }
    }
}

import Synchronization

extension MySQLClient {
    /// Runs one prepared statement on any connection; see ``MySQLConnection/query(_:file:line:)``.
    public func query(_ query: MySQLQuery, file: String = #fileID, line: Int = #line) async throws -> MySQLResult {
        try Task.checkCancellation()
        guard instruments.tracer != nil else { return try await send(query, file: file, line: line) }
        return try await instruments.withSpan(query.sql, file: file, line: line) {
            try await send(query, file: file, line: line)
        }
    }

    private func send(_ query: MySQLQuery, file: String, line: Int) async throws -> MySQLResult {
        let id = lastWaiter.wrappingAdd(1, ordering: .relaxed).newValue
        let request = QueuedQuery(id: id, query: query, file: file, line: line)
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                request.attach(continuation)
                submit(request)
            }
        } onCancel: {
            request.cancel()
            abandon(id)
        }
    }

    /// Gives the statement to an idle connection, or puts it into the queue.
    func submit(_ request: QueuedQuery) { enqueue(request.id, .query(request)) }
}

extension MySQLConnection {
    /// So many statements of the pool's queue run one after another before the thread looks at what else it has to do.
    private static let maximumInARow = 16

    /// Runs the statement, releases the connection, and tells the one who waits; all on the connection's thread. Goes
    /// on with the next in the queue.
    ///
    /// - Parameter wasIdle: the server may have gone meanwhile.
    nonisolated func serve(_ request: QueuedQuery, for client: MySQLClient, _ lease: PoolLease, wasIdle: Bool) {
        thread.run { self.assumeIsolated { $0.run(request, for: client, lease, wasIdle: wasIdle) } }
    }

    private func run(_ request: QueuedQuery, for client: MySQLClient, _ lease: PoolLease, wasIdle: Bool) {
        guard var next = runOne(request, for: client, lease, wasIdle: wasIdle) else { return }
        for _ in 1..<Self.maximumInARow {
            guard let following = runOne(next, for: client, lease, wasIdle: false) else { return }
            next = following
        }
        serve(next, for: client, lease, wasIdle: false)
    }

    /// - Returns: the next statement for the connection, when one waited for it.
    private func runOne(
        _ request: QueuedQuery, for client: MySQLClient, _ lease: PoolLease, wasIdle: Bool
    ) -> QueuedQuery? {
        guard isUsable, let wire, !wasIdle || socket.isQuiet else {
            client.finish(lease, isReusable: false)
            client.submit(request)
            return nil
        }
        guard isFree else {
            // Somebody uses the connection beyond the end of their lease.
            Task {
                await becomeFree()
                run(request, for: client, lease, wasIdle: false)
            }
            return nil
        }
        guard let statement = request.begin(on: canceller) else {
            client.release(lease)
            request.finish(with: .failure(CancellationError()))
            return nil
        }
        let outcome = run(request.query.sql, on: wire) { wire throws(MySQLError) in try wire.query(request.query) }
        if !wasIdle { client.instruments.waited(for: outcome.start - request.start) }
        guard let ending = canceller.end(statement) else {
            let result = conclude(outcome, statement: request.query.sql, file: request.file, line: request.line)
            let next = client.releaseToNext(lease, at: outcome.end - client.epoch)
            request.finish(with: result)
            return next
        }
        Task {
            await waitOut(ending)
            client.release(lease)
            request.finish(with: .failure(CancellationError()))
        }
        return nil
    }
}

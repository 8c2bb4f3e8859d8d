import MySQLConnector

/// A client for one server, and the means to end it alone.
struct ServerPool: Sendable {
    let server: String
    let client: MySQLClient
    /// How long statements under way may still take once the pool is stopped.
    private let grace: Duration
    private let stopped: AsyncStream<Never>
    private let stopSignal: AsyncStream<Never>.Continuation

    init(server: String, client: MySQLClient, grace: Duration) {
        self.server = server
        self.client = client
        self.grace = grace
        (stopped, stopSignal) = AsyncStream.makeStream()
    }

    /// Ends `run`. Waiting tasks are refused at once and go elsewhere; so do, after the grace, those whose statements break off.
    func stop() { stopSignal.finish() }

    func run() async {
        await withTaskGroup { group in
            group.addTask { try? await client.run() }
            group.addTask {
                for await _ in stopped {}
                guard !Task.isCancelled, grace > .zero else { return }
                client.leave()
                try? await Task.sleep(for: grace)
            }
            await group.next()
            group.cancelAll()
        }
    }
}

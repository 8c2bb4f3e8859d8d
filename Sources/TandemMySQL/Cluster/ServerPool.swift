import MySQLConnector

/// A client for one server, and the means to end it alone.
struct ServerPool: Sendable {
    let server: String
    let client: MySQLClient
    /// The grace with which it is stopped.
    private let stopped: AsyncStream<Duration>
    private let stopSignal: AsyncStream<Duration>.Continuation

    init(server: String, client: MySQLClient) {
        self.server = server
        self.client = client
        (stopped, stopSignal) = AsyncStream.makeStream()
    }

    /// Whether it is for this server, at its present address.
    func leads(to other: ClusterView.Server?) -> Bool {
        other.map { $0.name == server && $0.address == client.configuration.address } ?? false
    }

    /// Ends `run`. Waiting tasks are refused at once and go elsewhere; so do, after the grace, those whose statements
    /// break off.
    /// - Parameter grace: how long statements under way may still take.
    func stop(grace: Duration = .zero) {
        stopSignal.yield(grace)
        stopSignal.finish()
    }

    func run() async {
        await withTaskGroup { group in
            group.addTask { try? await client.run() }
            group.addTask {
                var grace = Duration.zero
                for await told in stopped { grace = told }
                guard !Task.isCancelled, grace > .zero else { return }
                client.leave()
                try? await Task.sleep(for: grace)
            }
            await group.next()
            group.cancelAll()
        }
    }
}

import MySQLConnector

/// A client for one server, and the means to end it alone.
struct ServerPool: Sendable {
    let server: String
    let client: MySQLClient
    private let stopped: AsyncStream<Never>
    private let stopSignal: AsyncStream<Never>.Continuation

    init(server: String, client: MySQLClient) {
        self.server = server
        self.client = client
        (stopped, stopSignal) = AsyncStream.makeStream()
    }

    /// Ends `run`. Statements under way break off, waiting tasks are refused: they go elsewhere.
    func stop() { stopSignal.finish() }

    func run() async {
        await withTaskGroup { group in
            group.addTask { try? await client.run() }
            group.addTask { for await _ in stopped {} }
            await group.next()
            group.cancelAll()
        }
    }
}

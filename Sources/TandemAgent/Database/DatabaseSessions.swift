import MySQLConnector
import TandemReplication

/// The ordinary sessions of a server that is about to stop.
struct DatabaseSessions {
    let connection: MySQLConnection

    /// By then every router was told, or has asked for its verdict.
    private static let leastWait = Duration.milliseconds(300)
    /// A transaction that takes longer is cut.
    private static let mostWait = Duration.seconds(3)
    /// A session that is silent for this long is an idle one of a pool, which the app would keep open without end.
    private static let idleSeconds = 2

    /// Returns when none of them is at work any more, or after a bound.
    func finish() async throws {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < Self.mostWait {
            try await Task.sleep(for: .milliseconds(50))
            guard await ClientSessions.areSilent(since: Self.idleSeconds, on: connection),
                ContinuousClock.now - start >= Self.leastWait
            else { continue }
            if await ClientSessions.areOutOfTransactions(on: connection) { return }
            try await Task.sleep(for: ClientSessions.transactionLookPause)
        }
    }
}

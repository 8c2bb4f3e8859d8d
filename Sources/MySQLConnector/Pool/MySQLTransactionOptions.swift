/// How a transaction is run.
public struct MySQLTransactionOptions: Sendable, Hashable {
    /// What of other transactions it may see.
    public enum Isolation: String, Sendable, Hashable, CaseIterable {
        case readUncommitted = "READ UNCOMMITTED"
        case readCommitted = "READ COMMITTED"
        case repeatableRead = "REPEATABLE READ"
        case serializable = "SERIALIZABLE"
    }

    /// `nil` for the server's default, REPEATABLE READ unless it was changed.
    public var isolation: Isolation?
    /// The server refuses writes in it, and does less for it.
    public var isReadOnly: Bool
    /// How often the whole transaction is run again when the server gave it up for a deadlock (1213) or because it
    /// waited too long for a lock (1205). The closure must have no effects of its own that may not happen twice.
    public var maximumRetries: Int
    /// The wait before the first retry, a random part of up to a half less; it doubles with each, up to a second.
    public var retryDelay: Duration = .milliseconds(10)

    public init(isolation: Isolation? = nil, isReadOnly: Bool = false, maximumRetries: Int = 0) {
        precondition(maximumRetries >= 0)
        self.isolation = isolation
        self.isReadOnly = isReadOnly
        self.maximumRetries = maximumRetries
    }

    /// What begins the transaction.
    var statements: [String] {
        (isolation.map { ["SET TRANSACTION ISOLATION LEVEL \($0.rawValue)"] } ?? [])
            + [isReadOnly ? "START TRANSACTION READ ONLY" : "START TRANSACTION"]
    }

    func delay(beforeRetry retry: Int) -> Duration {
        min(.seconds(1), retryDelay * (1 << min(retry - 1, 10))) * Double.random(in: 0.5...1)
    }
}

extension MySQLError {
    /// The server gave the transaction up, or a lock in it, for another's sake; the same may succeed a moment later.
    public var isTransactionConflict: Bool { code == .server && [1205, 1213].contains(serverErrorNumber) }
}

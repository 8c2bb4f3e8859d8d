import Synchronization

/// One user's view of the cluster: remembers how far its writes have come, so that its reads are never older.
///
/// ```swift
/// let session = MySQLSession()
/// try await session.run {
///     try await cluster.write("INSERT INTO note (text) VALUES (\(text))")
///     let notes = try await cluster.read("SELECT text FROM note")  // has it, whichever server answers
/// }
/// ```
/// Within ``run(_:)`` every write of every cluster is taken in, and every read without a consistency of its own is
/// ``MySQLReadConsistency/session``. Between requests keep ``token``.
public final class MySQLSession: Sendable {
    private struct State {
        var token: MySQLSessionToken?
        var lastReadServer: String?
    }

    private let state: Mutex<State>

    /// The session that the current task runs in.
    @TaskLocal static var task: MySQLSession?

    /// The session that the current task runs in, if it runs in one.
    public static var current: MySQLSession? { task }

    /// - Parameter token: of earlier writes of the same user.
    public init(token: MySQLSessionToken? = nil) { state = Mutex(State(token: token)) }

    /// Runs the closure, and the tasks that it starts, in this session.
    public func run<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async rethrows -> Value {
        try await Self.$task.withValue(self, operation: body)
    }

    /// Of all writes so far; `nil` when there were none.
    public var token: MySQLSessionToken? { state.withLock { $0.token } }

    /// The server that the last read was answered by.
    public var lastReadServer: String? { state.withLock { $0.lastReadServer } }

    /// Takes in a token from elsewhere.
    public func observe(_ token: MySQLSessionToken) {
        state.withLock { state in
            guard var merged = state.token else { return state.token = token }
            merged.merge(token)
            state.token = merged
        }
    }

    func didRead(from server: String) { state.withLock { $0.lastReadServer = server } }
}

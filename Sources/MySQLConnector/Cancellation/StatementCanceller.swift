import Synchronization

/// Ends the statement that runs on a connection when its task is cancelled.
final class StatementCanceller: Sendable {
    enum Manner: Sendable {
        /// KILL QUERY; the connection lives on.
        case kill
        /// COMMIT is not to be interrupted. It is waited for, a while; then the connection is broken off, and the
        /// outcome is unknown.
        case wait
    }

    private struct State {
        var lastStatement: UInt64 = 0
        var running: UInt64?
        var ending: Task<Void, Never>?
    }

    /// How long a statement may take to end after its task was cancelled.
    static let grace = Duration.seconds(5)

    private let state = Mutex(State())
    private let socket: ConnectionSocket
    private let killer: QueryKiller?
    private let session: UInt64
    private let serverUUID: String

    init(socket: ConnectionSocket, killer: QueryKiller?, session: UInt64, serverUUID: String) {
        self.socket = socket
        self.killer = killer
        self.session = session
        self.serverUUID = serverUUID
    }

    /// A statement begins.
    ///
    /// - Returns: its number, for `cancel` and `end`.
    func begin() -> UInt64 {
        state.withLock { state in
            state.lastStatement += 1
            state.running = state.lastStatement
            return state.lastStatement
        }
    }

    /// The statement has ended.
    ///
    /// - Returns: when it was cancelled, what must end before the connection may run another, or that one could be hit.
    func end(_ statement: UInt64) -> Task<Void, Never>? {
        state.withLock { state in
            guard state.running == statement else { return nil }
            state.running = nil
            defer { state.ending = nil }
            state.ending?.cancel()
            return state.ending
        }
    }

    /// The task of the statement is cancelled. Without effect once that has ended.
    func cancel(_ statement: UInt64, _ manner: Manner) {
        state.withLock { state in
            guard state.running == statement, state.ending == nil else { return }
            state.ending = Task { await self.bringToEnd(statement, manner) }
        }
    }

    /// Ends the statement that is known to run.
    ///
    /// - Returns: false when the server could not be told.
    func killQuery() async -> Bool { await killer?.killQuery(of: session, on: serverUUID) { true } ?? false }

    /// Ends whatever a session is doing whose connection is given up, once.
    func killSession() async { await killer?.killSession(session, on: serverUUID) }

    private func bringToEnd(_ statement: UInt64, _ manner: Manner) async {
        if manner == .kill {
            let isKilled = await killer?.killQuery(of: session, on: serverUUID) { self.isRunning(statement) } ?? false
            guard isKilled else { return breakOff(statement) }
        }
        guard (try? await Task.sleep(for: Self.grace)) != nil else { return }
        breakOff(statement)
    }

    private func breakOff(_ statement: UInt64) { if isRunning(statement) { socket.interrupt() } }

    private func isRunning(_ statement: UInt64) -> Bool { state.withLock { $0.running == statement } }
}

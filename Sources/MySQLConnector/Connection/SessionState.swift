import Synchronization

/// What a pool has to know about a session without waiting for its actor.
final class SessionState: Sendable {
    private struct State {
        var isUsable = true
        var needsReset = false
    }

    private let state = Mutex(State())

    /// False after an error that ends the session; it never becomes true again.
    var isUsable: Bool { state.withLock { $0.isUsable } }

    /// True when a statement may have left something behind that the next user must not see.
    var needsReset: Bool { state.withLock { $0.needsReset } }

    /// Whether the next user may have it as it is.
    var isClean: Bool { state.withLock { $0.isUsable && !$0.needsReset } }

    func markUnusable() { state.withLock { $0.isUsable = false } }
    func setNeedsReset(_ needsReset: Bool) { state.withLock { $0.needsReset = needsReset } }
}

import Synchronization

/// What a pool has to know about a session without waiting for its actor.
final class SessionState: Sendable {
    private let usable = Atomic(true)
    private let touched = Atomic(false)

    /// False after an error that ends the session; it never becomes true again.
    var isUsable: Bool { usable.load(ordering: .acquiring) }

    /// True when a statement may have left something behind that the next user must not see.
    var needsReset: Bool { touched.load(ordering: .acquiring) }

    /// Whether the next user may have it as it is.
    var isClean: Bool { isUsable && !needsReset }

    func markUnusable() { usable.store(false, ordering: .releasing) }
    func setNeedsReset(_ needsReset: Bool) { touched.store(needsReset, ordering: .releasing) }
}

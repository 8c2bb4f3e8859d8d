import TandemServices

/// What differs between services that a `RestartLoop` keeps.
struct ServiceHooks: Sendable {
    /// Before each start: what it needs first. Reports what it waits for.
    var prepare: @Sendable (_ waitsFor: @Sendable (String) async -> Void) async throws -> Void
    /// Whether it can serve now.
    var isReady: @Sendable () async -> Bool
    /// Why it cannot, in words, where that is known.
    var whyNotReady: @Sendable (RunningProcess) async -> String? = { _ in nil }
    /// Ends the process. What is left of its group is swept afterwards.
    var stop: @Sendable (RunningProcess) async -> Void
    /// Before a process that serves is ended to be started again, or reads its files anew: has others take what would
    /// come to it.
    var leaveRotation: @Sendable () async -> Void = {}
    /// Once it can serve, and before it counts as such.
    var joinRotation: @Sendable () async -> Void = {}
    /// Before a process that serves is touched for the sake of new settings: returns when it is its turn.
    var turn: @Sendable () async -> Void = {}
    /// Of a service that one host at a time runs.
    var right: (any RunRight)?
    /// Takes up what needs neither a reload nor a restart; see `ServiceFiles.inPlace`.
    var refresh: (@Sendable (RunningProcess) async throws -> Void)?
}

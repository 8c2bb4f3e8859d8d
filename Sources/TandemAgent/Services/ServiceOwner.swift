import TandemBlueprint
import TandemServices

/// Who keeps one service of a host. Its owner alone starts its process, ends it, and says how it is: two that did so
/// would undo each other's work. Of most services that is a `RestartLoop`, of mysqld a `FailoverService`.
protocol ServiceOwner: Sendable {
    var service: ServiceBlueprint { get }

    /// Keeps the service until it is stopped, or until the task is cancelled, which leaves its process running.
    func run() async

    /// Ends the process and keeps it ended.
    func stop() async

    /// Ends the process, and has it started again with the same settings. Returns once it has ended.
    /// - Throws: when its files are refused; then it goes on.
    func restart() async throws

    /// Has a process that serves take up its files as they are now.
    /// - Returns: whether it has, or will when it is started. One that is just starting may have read them before.
    /// - Throws: when they are refused; then it goes on with its earlier ones.
    func reload() async throws -> Bool

    /// Looks who listens on the service's ports. Cheap, to be asked several times a second.
    /// - Parameter sockets: those of the machine, as they are now.
    /// - Returns: whether there is nobody else.
    @discardableResult
    func lookForStrangers(among sockets: ListeningSockets) async -> Bool
}

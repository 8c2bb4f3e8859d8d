import Glibc
import Synchronization
public import TandemServices
import TandemStack

/// How a host's mysqld is started, and where it is written down that it runs.
public struct ServerLaunch: Sendable {
    /// What to start, as it is now.
    public var specification: @Sendable () throws -> ProcessSpecification
    /// Written before the process runs its program, so that there is none that nobody knows of.
    public var record: @Sendable (ProcessIdentity) throws -> Void
    /// What was recorded last; it need not run any more.
    public var recorded: @Sendable () -> ProcessIdentity?

    public init(
        specification: @escaping @Sendable () throws -> ProcessSpecification,
        record: @escaping @Sendable (ProcessIdentity) throws -> Void,
        recorded: @escaping @Sendable () -> ProcessIdentity?
    ) {
        self.specification = specification
        self.record = record
        self.recorded = recorded
    }
}

/// The process of a host's mysqld. The driver alone starts it, and ends it but for the agent's own bound on a stop.
public final class ServerProcess: Sendable {
    private struct State {
        var process: RunningProcess?
        var watch: Task<Void, Never>?
    }

    private let launch: ServerLaunch
    private let state = Mutex(State())
    /// An element each time that the process has ended. For one reader.
    public let ends: AsyncStream<Void>
    private let ended: AsyncStream<Void>.Continuation

    /// Takes over the process of an earlier agent, if it runs.
    public init(_ launch: ServerLaunch) {
        self.launch = launch
        (ends, ended) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        if let known = launch.recorded(), let process = RunningProcess.adopt(known) { keep(process) }
    }

    /// nil: it does not run.
    public var running: ProcessIdentity? { present?.identity }

    private var present: RunningProcess? {
        state.withLock { state in state.process.flatMap { $0.hasEnded ? nil : $0 } }
    }

    /// Tells one start of the server from the next, also for the agent after this one. 0: it does not run.
    public var bootCount: UInt32 { running.map(Self.number) ?? 0 }

    static func number(_ identity: ProcessIdentity) -> UInt32 {
        max(StableHash.bits32("\(identity.bootID) \(identity.startTicks) \(identity.pid)"), 1)
    }

    /// - Throws: where it runs, or cannot be started.
    public func start() throws {
        guard present == nil else { throw ServerError("start the server", "it runs") }
        keep(try RunningProcess.start(try launch.specification(), record: launch.record))
    }

    /// SIGKILL, from any thread, without waiting.
    public func killAtOnce() { present?.signalGroup(SIGKILL) }

    /// SIGKILL. Returns once it has ended, or after five seconds.
    /// - Returns: whether it has ended.
    public func kill() async -> Bool {
        guard let process = present else { return true }
        process.signalGroup(SIGKILL)
        _ = await process.endsWithin(.seconds(5))
        return process.hasEnded
    }

    /// SIGTERM, and SIGKILL where that takes too long, or where the task is cancelled.
    public func terminate(bound: Duration) async {
        guard let process = present else { return }
        process.signal(SIGTERM)
        if await !process.endsWithin(bound) { _ = await kill() }
    }

    /// Lets go of the process, which goes on.
    public func release() {
        let watch = state.withLock { state in
            defer { state = State() }
            return state.watch
        }
        watch?.cancel()
        ended.finish()
    }

    private func keep(_ process: RunningProcess) {
        let watch = Task { [ended] in
            if await process.waitForEnd() != nil { ended.yield() }
        }
        state.withLock { $0 = State(process: process, watch: watch) }
    }
}

/// Something could not be done to a host's server.
public struct ServerError: Error, CustomStringConvertible {
    public let description: String

    init(_ doing: String, _ what: String) { description = "cannot \(doing): \(what)" }
}

import CTandemSystem
import Dispatch
import Glibc

/// A process that we started, or that an earlier agent started and that we adopted.
///
/// It leads a session and a process group of its own and goes on when we end.
public final class RunningProcess: Sendable {
    /// How a process ended.
    public enum Ending: Sendable, Equatable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)
        /// Adopted: the kernel reported the exit status to its parent, not to this process.
        case unknown

        public var description: String {
            switch self {
            case .exited(let code): "exited with status \(code)"
            case .killed(let signal): "was ended by signal \(signal)"
            case .unknown: "ended; its exit status is unknown, because another process started it"
            }
        }
    }

    public let identity: ProcessIdentity
    public let isChild: Bool
    /// Readable once the process has ended; pins the process, so that a signal cannot hit a successor.
    private let handle: Int32
    private let ending = EndingBox()

    private init(identity: ProcessIdentity, isChild: Bool, handle: Int32) {
        self.identity = identity
        self.isChild = isChild
        self.handle = handle
    }

    deinit { close(handle) }

    /// Starts a process.
    ///
    /// - Parameter record: writes down that the process is there, before it runs its program. When that fails, or we
    ///   die over it, the process ends without having run anything: so there is none that nobody knows of.
    public static func start(
        _ specification: ProcessSpecification, record: (ProcessIdentity) throws -> Void = { _ in }
    ) throws -> RunningProcess {
        let log = try openLog(specification)
        defer { close(log) }
        return try start(specification, log: log, record: record)
    }

    /// - Parameter log: becomes the standard output and the standard error; stays the caller's.
    static func start(
        _ specification: ProcessSpecification, log: Int32, record: (ProcessIdentity) throws -> Void
    ) throws -> RunningProcess {
        var spawned = try spawn(specification, log: log)
        let handle = tandem_pidfd_open(spawned.pid)
        let identity: ProcessIdentity
        do {
            // A child that ended already is a zombie until we wait for it, so its status can still be read.
            guard handle >= 0, let status = ProcessStatus(pid: spawned.pid) else {
                throw ProcessError("cannot watch process \(spawned.pid): \(String(cString: strerror(errno)))")
            }
            identity = ProcessIdentity(
                pid: spawned.pid, startTicks: status.startTicks, bootID: ProcessIdentity.currentBootID,
                mark: specification.mark)
            try record(identity)
        } catch {
            tandem_spawn_cancel(&spawned)
            if handle >= 0 { close(handle) }
            throw error
        }
        var step: UnsafePointer<CChar>?
        let error = tandem_spawn_go(&spawned, &step)
        guard error == 0 else {
            close(handle)
            throw failure(specification, step, error)
        }
        return RunningProcess(identity: identity, isChild: true, handle: handle)
    }

    /// Starts a process, by its launcher where it has one.
    /// - Parameter record: as of `start`.
    public static func launch(
        _ specification: ProcessSpecification, record: @Sendable (ProcessIdentity) throws -> Void = { _ in }
    ) async throws -> RunningProcess {
        guard let launcher = specification.launcher else { return try start(specification, record: record) }
        let log = try openLog(specification)
        defer { close(log) }
        let started = try await LauncherClient(path: launcher.socket).start(specification, log: log, record: record)
        return RunningProcess(identity: started.identity, isChild: false, handle: started.handle)
    }

    /// Takes over a process that runs already; nil when it has ended. There must be no other value for the same process
    /// that somebody waits on.
    public static func adopt(_ identity: ProcessIdentity) -> RunningProcess? {
        let handle = tandem_pidfd_open(identity.pid)
        guard handle >= 0 else { return nil }
        // Looked at after the handle was taken: from here on the number cannot change its meaning.
        guard identity.isAlive else {
            close(handle)
            return nil
        }
        // A process of our own that we had let go of: nobody else would take note of its end.
        let isChild = ProcessStatus(pid: identity.pid)?.parent == getpid()
        return RunningProcess(identity: identity, isChild: isChild, handle: handle)
    }

    /// What this process has started, in an earlier program of its own.
    static func adoptChildren() -> [RunningProcess] {
        ProcFile.pids.compactMap { pid in
            guard let status = ProcessStatus(pid: pid), status.parent == getpid() else { return nil }
            let handle = tandem_pidfd_open(pid)
            guard handle >= 0 else { return nil }
            let identity = ProcessIdentity(
                pid: pid, startTicks: status.startTicks, bootID: ProcessIdentity.currentBootID)
            return RunningProcess(identity: identity, isChild: true, handle: handle)
        }
    }

    /// Whether the process has ended. A child stays a zombie until `waitForEnd`.
    public var hasEnded: Bool {
        var poller = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
        return poll(&poller, 1, 0) > 0
    }

    /// Sends a signal to the process alone.
    @discardableResult
    public func signal(_ number: Int32) -> Bool {
        if let hands = identity.hands { return hands.tell(.signal(identity, number: number)) }
        return tandem_pidfd_send_signal(handle, number) == 0
    }

    /// Sends a signal to everything that is left of the process's group, also when its leader has ended.
    public func signalGroup(_ number: Int32) { identity.signalGroup(number) }

    /// The processes of the group that still run, the leader among them.
    public var groupMembers: [Int32] { identity.groupMembers }

    /// All that still runs of what it has started; see `ProcessIdentity.members`.
    public var members: [Int32] { identity.members }

    /// Waits until the process has ended. Cancellation ends the wait, with `nil`.
    public func waitForEnd() async -> Ending? {
        await PidfdWatch.waitUntilReadable(handle)
        guard hasEnded else { return nil }
        if let hands = identity.hands {
            let answer = await hands.ask(.ending(identity))
            return ending.resolve { answer?.ending ?? .unknown }
        }
        return ending.resolve { isChild ? Self.reap(identity.pid) : .unknown }
    }

    /// Programs write to the folder too: a link that one of them put there must not make us write to a file elsewhere.
    private static func openLog(_ specification: ProcessSpecification) throws -> Int32 {
        let path = specification.logFile
        // O_NONBLOCK: a pipe in its place would hold us up until somebody reads.
        let log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard log >= 0 else {
            throw ProcessError("cannot open the log \(path): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(log, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
            close(log)
            throw ProcessError("cannot open the log \(path): it is no file of its own; remove it and try again")
        }
        if let launcher = specification.launcher, fchown(log, uid_t.max, launcher.group) != 0 || fchmod(log, 0o620) != 0
        {
            let reason = String(cString: strerror(errno))
            close(log)
            throw ProcessError("cannot let the group \(launcher.group) write to the log \(path): \(reason)")
        }
        return log
    }

    private static func reap(_ pid: Int32) -> Ending {
        var status: Int32 = 0
        while true {
            let result = waitpid(pid, &status, 0)
            if result == pid { break }
            if result < 0 && errno == EINTR { continue }
            return .unknown
        }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
    }

    private static func spawn(_ specification: ProcessSpecification, log: Int32) throws -> tandem_spawned {
        guard let program = specification.command.first else {
            throw ProcessError("cannot start a process: its command is empty")
        }
        var environment = specification.environment
        environment[ProcessIdentity.markVariable] = specification.mark
        let order = specification.descriptors.sorted { $0.key < $1.key }
        var spawned = tandem_spawned()
        var step: UnsafePointer<CChar>?
        let error = withCStrings(specification.command) { arguments in
            withCStrings(environment.map { "\($0)=\($1)" }.sorted()) { variables in
                order.map(\.value).withUnsafeBufferPointer { sources in
                    order.map(\.key).withUnsafeBufferPointer { targets in
                        program.withCString { path in
                            specification.workingDirectory.withCString { directory in
                                var request = tandem_spawn_request(
                                    program: path, arguments: arguments, environment: variables,
                                    working_directory: directory, log_descriptor: log,
                                    sources: sources.baseAddress, targets: targets.baseAddress,
                                    descriptor_count: Int32(order.count),
                                    is_batch: specification.scheduling == .batch ? 1 : 0,
                                    timer_slack: specification.timerSlackNanoseconds,
                                    keeps_low_ports: specification.keepsLowPorts ? 1 : 0,
                                    file_mask: mode_t(specification.fileMask))
                                return tandem_spawn(&request, &spawned, &step)
                            }
                        }
                    }
                }
            }
        }
        guard error == 0 else { throw failure(specification, step, error) }
        return spawned
    }

    private static func failure(
        _ specification: ProcessSpecification, _ step: UnsafePointer<CChar>?, _ error: Int32
    ) -> ProcessError {
        let doing = step.map { String(cString: $0) } ?? "start it"
        let program = specification.command.first ?? ""
        return ProcessError("cannot start \(program): could not \(doing): \(String(cString: strerror(error)))")
    }
}

/// Calls `body` with a NULL-terminated array of C strings.
private func withCStrings<R>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) throws -> R
) rethrows -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return try pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has an address") }
        return try body(base)
    }
}

/// A process to start.
public struct ProcessSpecification: Sendable {
    /// How the kernel shares out the processors: sched(7).
    public enum Scheduling: Sendable, Equatable {
        /// The caller's own policy.
        case inherited
        /// SCHED_BATCH: when it wakes up it waits until whoever runs pauses or has had a turn, instead of interrupting
        /// at once.
        case batch
    }

    /// Program (absolute path) and arguments.
    public var command: [String]
    public var environment: [String: String]
    public var workingDirectory: String
    /// Standard output and error are appended to this file; made if it is not there.
    public var logFile: String
    /// Descriptors to hand over, by the number that they have in the new process (3 to 63).
    public var descriptors: [Int32: Int32]
    public var scheduling: Scheduling
    /// How much later than asked for the kernel may wake it from a sleep, so that it wakes for several at once:
    /// prctl(2), PR_SET_TIMERSLACK. nil: as the caller. What a launcher starts is always as the launcher.
    public var timerSlack: Duration?
    /// Set as `ProcessIdentity.markVariable`, so that whatever descends from the process is known to; nil: not.
    public var mark: String?
    /// Whether it may open ports below 1024, where we may. Every other capability is taken from it in any case.
    public var keepsLowPorts: Bool
    /// umask(2).
    public var fileMask: UInt16
    /// Who starts it, of another account than ours; nil: we do.
    public var launcher: LauncherPlace?

    public init(
        command: [String], environment: [String: String], workingDirectory: String, logFile: String,
        descriptors: [Int32: Int32] = [:], scheduling: Scheduling = .inherited, timerSlack: Duration? = nil,
        mark: String? = nil, keepsLowPorts: Bool = false, fileMask: UInt16 = 0o077, launcher: LauncherPlace? = nil
    ) {
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.logFile = logFile
        self.descriptors = descriptors
        self.scheduling = scheduling
        self.timerSlack = timerSlack
        self.mark = mark
        self.keepsLowPorts = keepsLowPorts
        self.fileMask = fileMask
        self.launcher = launcher
    }
}

extension ProcessSpecification {
    /// 0: as the caller's.
    var timerSlackNanoseconds: UInt { timerSlack.map { UInt(max(0, $0 / .nanoseconds(1))) } ?? 0 }
}

/// The launcher of another account.
public struct LauncherPlace: Sendable, Equatable {
    /// Its socket.
    public var socket: String
    /// Its account's group, which gets the right to write to the log: a process may open what its standard output is by
    /// a name (/dev/stdout).
    public var group: UInt32

    public init(socket: String, group: UInt32) {
        self.socket = socket
        self.group = group
    }
}

/// A process could not be started or signalled.
public struct ProcessError: Error, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}

/// A process to start.
public struct ProcessSpecification: Sendable {
    /// Whose rights a process runs with.
    public struct User: Sendable, Equatable {
        public var user: UInt32
        public var group: UInt32
        /// Supplementary groups.
        public var groups: [UInt32]

        public init(user: UInt32, group: UInt32, groups: [UInt32]) {
            self.user = user
            self.group = group
            self.groups = groups
        }
    }

    /// How the kernel shares out the processors: sched(7).
    public enum Scheduling: Sendable, Equatable {
        /// The caller's own policy.
        case inherited
        /// SCHED_BATCH: when it wakes up it waits until whoever runs pauses or has had a turn, instead of interrupting at once.
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
    /// nil: the caller's own.
    public var user: User?
    public var scheduling: Scheduling
    /// Set as `ProcessIdentity.markVariable`, so that whatever descends from the process is known to; nil: not.
    public var mark: String?

    public init(
        command: [String], environment: [String: String], workingDirectory: String, logFile: String,
        descriptors: [Int32: Int32] = [:], user: User? = nil, scheduling: Scheduling = .inherited,
        mark: String? = nil
    ) {
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.logFile = logFile
        self.descriptors = descriptors
        self.user = user
        self.scheduling = scheduling
        self.mark = mark
    }
}

/// A process could not be started or signalled.
public struct ProcessError: Error, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}

/// What is asked of a launcher: the process, of another account than the asker's, that starts and ends processes of its
/// own account.
///
/// Each question has a connection of its own. Whoever asks may have anything done that the launcher's account may do,
/// and nothing else: it is the kernel that keeps the launcher, and whatever it starts, to its account.
enum LaunchRequest: Codable, Sendable, Equatable {
    /// With descriptors: the log, then those that the process is to have. Answered twice: `.there`, and once `go` has
    /// come, `.started`.
    case start(Launch)
    /// What `start` names is written down: it may run its program.
    case go
    /// To the process alone; not answered.
    case signal(ProcessIdentity, number: Int32)
    /// As `RunningProcess.stop`.
    case stop(ProcessIdentity, signal: Int32, boundMilliseconds: Int)
    /// As `ProcessIdentity.sweepOrphans`.
    case sweepOrphans(ProcessIdentity, signal: Int32, boundMilliseconds: Int)
    /// As `ProcessIdentity.sweep`.
    case sweep(ProcessIdentity)
    /// How a process that has ended did so.
    case ending(ProcessIdentity)
    /// The sockets that it, and what it has started, have open.
    case sockets(ProcessIdentity)

    /// A `ProcessSpecification`, as far as a launcher is told it.
    struct Launch: Codable, Sendable, Equatable {
        var command: [String]
        var environment: [String: String]
        var workingDirectory: String
        /// The numbers that the descriptors after the log get.
        var targets: [Int32]
        var isBatch: Bool
        var mark: String?
        var fileMask: UInt16
    }
}

/// What a launcher says.
enum LaunchAnswer: Codable, Sendable, Equatable {
    /// The process is there, and waits.
    case there(ProcessIdentity)
    case started
    /// - Parameter inTime: without SIGKILL.
    case ended(inTime: Bool)
    case exited(Int32)
    case killed(signal: Int32)
    /// It was no child of the launcher's.
    case unknown
    /// Their inodes.
    case sockets([UInt64])
    /// In words.
    case failed(String)

    init(_ ending: RunningProcess.Ending) {
        switch ending {
        case .exited(let code): self = .exited(code)
        case .killed(let signal): self = .killed(signal: signal)
        case .unknown: self = .unknown
        }
    }

    /// nil: it is no answer to that question.
    var ending: RunningProcess.Ending? {
        switch self {
        case .exited(let code): .exited(code)
        case .killed(let signal): .killed(signal: signal)
        case .unknown: .unknown
        default: nil
        }
    }
}

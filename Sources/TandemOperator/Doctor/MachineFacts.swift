import TandemStack

/// What was found out about this machine; nil where it could not be. The judgement is `MachineVerdicts`'.
package struct MachineFacts: Sendable {
    struct Disk: Sendable {
        /// What lies there, such as `the servers' programs`.
        var use: String
        var path: String
        var freeBytes: Int
        var isNoexec: Bool
        /// Whether programs are run from there.
        var runsPrograms: Bool
        /// Less than this is too little, and less than twice as much worth a warning.
        var neededBytes: Int
    }

    var isRoot: Bool
    /// As `uname -r` and `uname -m` say.
    var kernel: String
    var architecture: String
    var hasPidfd: Bool
    /// Programs that are missing, by the Debian package that has them.
    var missingTools: [(tool: String, package: String)]
    var hasKeyring: Bool
    /// What the engine store holds, in words; nil: nothing yet.
    var engines: String?
    /// Why the engines that the stack file names cannot be used.
    var enginesProblem: String?
    var disks: [Disk]
    var availableMemoryBytes: Int?
    /// Why a loopback address other than 127.0.0.1 cannot be used; nil: it can.
    var loopbackProblem: String?
    /// Ports of the stack that are taken, and by whom; empty while the stack itself runs.
    var portProblems: [String]
    /// The hard limit of open files.
    var openFilesLimit: Int
    /// How many the stack's servers would like to open.
    var openFilesWanted: Int
    var processLimit: Int?
    var hasRandomness: Bool
    /// nil: it cannot be said.
    var isClockSynchronised: Bool?
    /// The loaded client library's path.
    var mysqlLibrary: String?
    /// AppArmor profiles that hold back a program which the stack file names.
    var appArmorProfiles: [String]
    /// Of the front ports of the stack, the lowest, and the lowest that an ordinary user may open.
    var lowestPort: Int?
    var unprivilegedPortStart: Int?
    /// The stack file in words, or what is wrong with it; nil: there is none.
    var stackFile: StackFileFact?

    enum StackFileFact: Sendable, Equatable {
        case fine(String)
        case wrong(String)
    }
}

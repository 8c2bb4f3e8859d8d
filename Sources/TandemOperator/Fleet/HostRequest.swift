import TandemAgent
import TandemBlueprint
import TandemStack

/// What a host says of the servers' programs that it has.
package struct HostEngines: Codable, Equatable {
    package var programs: Layout.Programs
    var versions: [String: String]

    package init(programs: Layout.Programs, versions: [String: String]) {
        self.programs = programs
        self.versions = versions
    }
}

/// What a host says that was to have the servers' programs.
package enum HostEnginesAnswer: Codable {
    case found(HostEngines)
    /// Debian's archive, from there: why not.
    case unreachable(String)
}

/// What an operator asks of the host that changes the stack.
package struct HostRequest: Codable {
    /// The stack file's text.
    package var stackFile: String
    /// The app's version; nil: the stack's app needs no files.
    var release: String?
    /// By the names that the app sees; those that the operator's machine knows.
    var secrets: [String: String]
    /// Hosts whose agents run.
    package var running: [String]
}

/// What is to be done before the roll-out.
package struct HostPreparation: Codable {
    /// For hosts whose agents do not run yet.
    var packages: [HostPackage]
    /// Hosts that leave the stack.
    var leaving: [Host]
    var isRunning: Bool
    var isNothing: Bool
    /// What became of certificates; nil from earlier versions.
    var made: StackPKI.Made?
    /// The hosts as they run, with the roles that they have; nil: nothing runs, or from earlier versions.
    var before: [Host]?
}

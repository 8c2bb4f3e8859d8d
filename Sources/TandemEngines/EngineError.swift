/// Why the engine store could not do what it was asked to.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: String, Sendable {
        /// The machine lacks apt-get, or is of a kind that Debian's packages do not run on here.
        case machine
        /// Debian's signing keys are not on this machine.
        case keyring
        /// The store's folder cannot be used.
        case folder
        case diskSpace
        /// Another run holds the store's lock for too long.
        case locked
        /// A mirror could not be reached, or broke off.
        case network
        /// What a mirror sent is not signed by Debian.
        case signature
        /// The mirror does not have the packages, or they do not fit together.
        case packages
        /// A downloaded package is not what the signed index says.
        case checksum
        /// A helper program failed.
        case command
        /// A program of the engine does not run.
        case verification
        /// MySQL or etcd would move to another series.
        case series
        /// Processes run from what should be removed.
        case inUse
        /// One of the machine's own programs cannot serve.
        case ownProgram
        case incomplete
    }

    public let reason: Reason
    /// Completes "could not …".
    public let doing: String
    /// What happened; may have several lines.
    public let what: String
    /// What to do next, in whole sentences.
    public let next: String

    public init(_ reason: Reason, doing: String, what: String, next: String) {
        self.reason = reason
        self.doing = doing
        self.what = what
        self.next = next
    }

    public var description: String {
        "could not \(doing): \(what)\n\(next)"
    }
}

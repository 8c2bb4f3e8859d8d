import MySQLConnector

/// What an error says about where to go next.
enum Verdict: Equatable, Sendable {
    /// The server is gone, going, or has another role now: ask another, or the same one later. What was asked in this
    /// session outside of a commit has not been carried out.
    case elsewhere
    /// The pool was full or closed; nothing was sent.
    case notSent
    /// The statement's own fault, or the caller's: everywhere the same.
    case final

    /// Error numbers by which a server says that it no longer serves, or no longer takes writes: 1053 shutdown (also a
    /// killed session's), 1152 and 1184 aborted connection, 1290 read only, 1792 read-only transaction, 1836 read-only
    /// mode, 1927 killed, 3032 offline mode, 3100 group replication refused the commit, 3169 killed, 4031 idle too
    /// long.
    private static let leaving: Set<Int> = [1053, 1152, 1184, 1290, 1792, 1836, 1927, 3032, 3100, 3169, 4031]
    /// Connector/C's numbers for a broken link.
    private static let broken: Set<Int> = [2001, 2002, 2003, 2006, 2012, 2013, 2014, 2026, 2027, 2055]
    /// A refused log-in and an unknown database do not mend themselves; 1040 (too many connections), 1129 and 1203 do.
    private static let hopelessConnect: Set<Int> = [1044, 1045, 1049, 1251, 2059]

    init(_ error: any Error) {
        guard let error = error as? MySQLError else {
            self = .final
            return
        }
        let number = error.serverErrorNumber ?? 0
        switch error.code {
        case .connectFailed: self = Self.hopelessConnect.contains(number) ? .final : .elsewhere
        case .connectionClosed, .queryTimeout: self = .elsewhere
        case .poolTimeout, .poolClosed: self = .notSent
        case .server: self = Self.leaving.contains(number) || Self.broken.contains(number) ? .elsewhere : .final
        default: self = .final
        }
    }

    /// A statement that breaks off because its pool was closed looks like a cancelled one. Whoever was not cancelled
    /// lost a connection.
    static func unmasked(_ error: any Error) -> any Error {
        guard error is CancellationError, !Task.isCancelled else { return error }
        return MySQLError(
            code: .connectionClosed, message: "the server is gone; its connections were closed", serverErrorNumber: 2013
        )
    }

    /// Answers to a commit by which the server surely did not commit: read only (1290, 1792, 1836), refused by group
    /// replication (3100). A kill or a shutdown that comes as an error may have come after the commit.
    private static let refusedCommit: Set<Int> = [1290, 1792, 1836, 3100]

    /// Whether the outcome of a commit that ended with this error is known: it was not carried out.
    static func isRefusal(ofCommit error: any Error) -> Bool {
        guard let error = error as? MySQLError, error.code == .server, let number = error.serverErrorNumber else {
            return false
        }
        return refusedCommit.contains(number)
    }

    /// Errors of a single statement, which commits by itself, that leave open whether it did: the link broke while it
    /// ran, or it was killed.
    static func leavesOpen(_ error: any Error) -> Bool {
        if error is CancellationError { return true }
        guard let error = error as? MySQLError, !wasNotSent(error) else { return false }
        switch error.code {
        case .connectionClosed, .queryTimeout: return true
        case .server: return [1053, 1317, 1927, 3169].contains(error.serverErrorNumber ?? 0)
        default: return false
        }
    }

    /// Whether the statement never left: the connection was closed already, or broke while sending (2006; in the middle
    /// of an answer it is 2013).
    static func wasNotSent(_ error: any Error) -> Bool {
        guard let error = error as? MySQLError, error.code == .connectionClosed else { return false }
        return error.serverErrorNumber == nil || error.serverErrorNumber == 2006
    }
}

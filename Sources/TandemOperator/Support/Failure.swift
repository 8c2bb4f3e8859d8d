/// What the exit status means.
package enum ExitStatus: Int32 {
    case fine = 0
    case failed = 1
    case usage = 2
    /// The stack file is wrong.
    case stackFile = 3
    case notRunning = 4
    /// `plan --exit-code`: there is something to change.
    case changes = 5
    /// Between the two steps of root's `destroy` alone: the stack is stopped, and not all of it could be deleted.
    case leftovers = 6
}

/// A command ends with this when it cannot do what it was asked; the message is shown, whole.
package struct Failure: Error {
    package var status: ExitStatus
    package var message: String

    package init(_ status: ExitStatus = .failed, _ message: String) {
        self.status = status
        self.message = message
    }
}

/// A command ends with this status where all that there is to say was said.
package struct QuietEnd: Error {
    package var status: Int32

    init(_ status: Int32) { self.status = status }
}

import MySQLConnector

/// What became of one attempt to write.
enum WriteAttempt<Value: Sendable>: Sendable {
    case committed(Value, gtid: String?)
    /// Surely not carried out, and worth trying again: nobody there, not sent, or refused because the server's role
    /// changed.
    case notDone(any Error)
    /// Sent, and the answer never came. The value is what the closure had returned, where it had.
    case unknown(any Error, Value?)
    /// The statement's own fault, or the caller's.
    case failed(any Error)
}

/// How far an attempt had come when it failed.
enum WriteStage: Sendable {
    case acquiring
    /// In a transaction: nothing of it counts until COMMIT.
    case open
    /// The statement that commits has been handed to the connection.
    case committing
}

extension WriteAttempt {
    init(_ error: any Error, at stage: WriteStage, value: Value? = nil) {
        switch stage {
        case .acquiring, .open:
            self = Verdict(error) == .final ? .failed(error) : .notDone(error)
        case .committing:
            if Verdict.wasNotSent(error) || Verdict.isRefusal(ofCommit: error) {
                self = .notDone(error)
            } else {
                self = .unknown(error, value)
            }
        }
    }
}

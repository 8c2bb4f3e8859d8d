/// No answer from etcd. Whoever decides by etcd's word has none; a request that changes something may have taken place,
/// or may yet, unless `mayHaveArrived` says otherwise.
public struct CoordinationError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: String, Hashable, Sendable {
        /// The caller's task was cancelled.
        case cancelled
        /// No answer within the deadline.
        case deadline
        /// No connection could be made.
        case unreachable
        case connectionLost
        /// One side does not accept the other's certificate.
        case certificate
        /// This user may not do this.
        case denied
        /// The member answers that it cannot: it has no leader, or the others did not answer it.
        case unavailable
        /// The member's space is used up. Also the answer to a write that has just taken place.
        case noSpace
        case answerTooLarge
        case malformedAnswer
        /// This client has as many requests under way as it may have.
        case tooManyRequests
        /// The client's settings cannot be used.
        case settings
    }

    public let reason: Reason
    /// Completes "could not …".
    public let doing: String
    /// What happened.
    public let what: String
    /// What to do next, in whole sentences.
    public let next: String
    /// false: the request certainly never left.
    public let mayHaveArrived: Bool

    public init(_ reason: Reason, doing: String, what: String, next: String, mayHaveArrived: Bool = true) {
        self.reason = reason
        self.doing = doing
        self.what = what
        self.next = next
        self.mayHaveArrived = mayHaveArrived
    }

    public var description: String { "could not \(doing): \(what)\n\(next)" }
}

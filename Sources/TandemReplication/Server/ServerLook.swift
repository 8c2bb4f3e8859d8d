public import TandemFailover

/// What one look over SQL shows of a server. Its process, and what is noted beside its data, the agent adds.
public struct ServerLook: Hashable, Sendable {
    public enum Answer: Hashable, Sendable {
        case up
        /// It answered that it lets nobody in (error 1040, or another): it runs, and nothing else is known of it.
        case crowded
        /// Nothing within the bound.
        case silent
        /// Nobody listens: it is down, or starts, or stops.
        case absent
    }

    public var answer: Answer
    /// Only of a server that is up do the others mean anything.
    public var access = ServerObservation.Access.closed
    public var isSourceSideOn = true
    public var isReplicaSideOn = false
    public var receiver = ServerObservation.Receiver.off
    public var receiverAcknowledges = false
    public var source: HostID?
    public var isApplierOn = false
    public var hasAppliedAll = true
    public var isCloseBehind = false
    public var isDurable = true
    public var receivedCount: UInt64 = 0
    public var sourceAnswers = false
    public var hasWaitingCommits = false
    public var admitted = HostSet()
    public var isPrepared = false
    /// Clients are or were just at work, here or at the server that it follows, or its part is about to change.
    public var isInUse = true

    public init(answer: Answer) { self.answer = answer }

    /// Of a server that is up. What is not asked over SQL is left as it is by itself: whoever knows it puts it in.
    public var observation: ServerObservation {
        ServerObservation(
            life: .up, access: access, isSourceSideOn: isSourceSideOn, isReplicaSideOn: isReplicaSideOn,
            receiver: receiver, receiverAcknowledges: receiverAcknowledges, source: source, isApplierOn: isApplierOn,
            hasAppliedAll: hasAppliedAll, isCloseBehind: isCloseBehind, isDurable: isDurable,
            receivedCount: receivedCount,
            sourceAnswers: sourceAnswers, hasWaitingCommits: hasWaitingCommits, admitted: admitted,
            isPrepared: isPrepared)
    }
}

/// What has to be so for a transaction to take its first branch.
public struct Comparison: Hashable, Sendable {
    public enum Subject: Hashable, Sendable {
        case version(Int64)
        case createRevision(Revision)
        /// 0: there is no such key.
        case modRevision(Revision)
        case value([UInt8])
        case lease(LeaseID)
    }

    public enum Relation: String, Hashable, Sendable {
        case equal = "EQUAL"
        case notEqual = "NOT_EQUAL"
        case greater = "GREATER"
        case less = "LESS"
    }

    public var key: StoreKey
    public var relation: Relation
    public var subject: Subject

    public init(_ key: StoreKey, _ relation: Relation = .equal, _ subject: Subject) {
        self.key = key
        self.relation = relation
        self.subject = subject
    }
}

public indirect enum StoreOperation: Hashable, Sendable {
    /// Without a lease the key keeps none that it had.
    case put(StoreKey, [UInt8], lease: LeaseID? = nil)
    case delete(KeyRange)
    case range(RangeQuery)
    /// With comparisons of its own, of the store as it was before the outer transaction.
    case transaction(StoreTransaction)

    public static func put(_ key: StoreKey, _ text: String, lease: LeaseID? = nil) -> StoreOperation {
        .put(key, Array(text.utf8), lease: lease)
    }
}

/// All comparisons are looked at, and one of two lists of operations is carried out, at one revision.
public struct StoreTransaction: Hashable, Sendable {
    public var comparisons: [Comparison]
    /// Where all comparisons hold.
    public var success: [StoreOperation]
    /// Where one does not.
    public var failure: [StoreOperation]

    public init(
        if comparisons: [Comparison] = [], then success: [StoreOperation] = [], else failure: [StoreOperation] = []
    ) {
        self.comparisons = comparisons
        self.success = success
        self.failure = failure
    }

    /// Whether it can change anything.
    public var writes: Bool {
        (success + failure).contains { operation in
            switch operation {
            case .put, .delete: true
            case .range: false
            case .transaction(let inner): inner.writes
            }
        }
    }
}

public indirect enum OperationAnswer: Hashable, Sendable {
    case put
    case deleted(count: Int64)
    case range(RangeAnswer)
    case transaction(succeeded: Bool, [OperationAnswer])
}

/// A transaction that took place, in one of its branches.
public struct TransactionAnswer: Hashable, Sendable {
    public var header: AnswerHeader
    /// Whether the comparisons held. Where they did not, the first branch never takes place by this copy.
    public var succeeded: Bool
    /// One for each operation of the branch.
    public var answers: [OperationAnswer]

    public init(header: AnswerHeader, succeeded: Bool, answers: [OperationAnswer]) {
        self.header = header
        self.succeeded = succeeded
        self.answers = answers
    }
}

/// How a transaction ended. There is no "failed".
public enum TransactionOutcome: Sendable {
    case answered(TransactionAnswer)
    /// Of this copy nothing took place, nor will. Of one that was sent earlier this says nothing.
    case refused(Refusal)
    /// It may have taken place, or may yet. A read that shows nothing changed proves nothing.
    case unknown(CoordinationError)

    /// The answer, where the comparisons held.
    public var success: TransactionAnswer? {
        if case .answered(let answer) = self, answer.succeeded { answer } else { nil }
    }
}

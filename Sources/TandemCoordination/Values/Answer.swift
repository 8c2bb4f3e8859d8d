/// What etcd answered for certain: a value, or that it will not do it.
public enum Answer<Value: Sendable>: Sendable {
    case value(Value)
    case refused(Refusal)

    public var value: Value? { if case .value(let value) = self { value } else { nil } }
    public var refusal: Refusal? { if case .refused(let refusal) = self { refusal } else { nil } }

    func map<Other: Sendable>(_ transform: (Value) -> Other) -> Answer<Other> {
        switch self {
        case .value(let value): .value(transform(value))
        case .refused(let refusal): .refused(refusal)
        }
    }
}

extension Answer: Equatable where Value: Equatable {}

/// A definite no. Nothing of the request took place.
///
/// "No space" is not among these: etcd answers so, too, for a transaction that it has just carried out, where the space
/// ran out between the moment when it was taken and the moment when it was applied. It is
/// `CoordinationError.Reason.noSpace`.
public enum Refusal: Hashable, Sendable {
    /// The lease ran out, was revoked, or never was.
    case leaseNotFound
    case leaseExists
    /// The revision asked for is no longer kept.
    case compacted
    /// The revision asked for has not been yet, as far as the member knows.
    case futureRevision
    case memberNotFound
    case memberExists
    /// Only a learner can be promoted.
    case notLearner
    /// The learner has not caught up.
    case learnerNotReady
    case tooManyLearners
    /// The change of members would leave no majority that runs.
    case wouldLoseMajority
    /// The request makes no sense; in etcd's words.
    case invalid(String)
}

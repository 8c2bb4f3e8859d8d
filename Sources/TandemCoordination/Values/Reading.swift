/// How new an answer has to be.
public enum Consistency: Hashable, Sendable {
    /// At least as new as all that was answered anywhere before the question was sent. Takes a majority of members.
    case linearizable
    /// What the member that is asked happens to have, however old. Takes that member alone.
    case serializable
}

/// A question for keys and their values.
public struct RangeQuery: Hashable, Sendable {
    public var keys: KeyRange
    /// At most so many values; the answer says whether there are more.
    public var limit: Int
    /// As the store was then; nil: as it is now.
    public var revision: Revision?
    public var consistency: Consistency

    public init(
        _ keys: KeyRange, limit: Int = 1000, revision: Revision? = nil, consistency: Consistency = .linearizable
    ) {
        self.keys = keys
        self.limit = limit
        self.revision = revision
        self.consistency = consistency
    }
}

public struct RangeAnswer: Hashable, Sendable {
    /// By key.
    public var values: [StoredValue]
    /// How many there are, beyond the query's limit too.
    public var count: Int64
    public var hasMore: Bool

    public init(values: [StoredValue], count: Int64, hasMore: Bool) {
        self.values = values
        self.count = count
        self.hasMore = hasMore
    }

    /// The first, where one key was asked for.
    public var value: StoredValue? { values.first }
}

/// Values, and who answered.
public struct Reading: Hashable, Sendable {
    public var header: AnswerHeader
    public var range: RangeAnswer

    public init(header: AnswerHeader, range: RangeAnswer) {
        self.header = header
        self.range = range
    }

    public var value: StoredValue? { range.value }
    public var values: [StoredValue] { range.values }
}

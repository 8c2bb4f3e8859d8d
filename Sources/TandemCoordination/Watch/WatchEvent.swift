/// What a watch tells. It is a hint that something may have changed: what counts is a read.
public enum WatchEvent: Sendable {
    /// Changes are heard of from here on. Sent once, and after each interruption. Whoever wants to know everything
    /// reads now.
    case started(at: Revision)
    /// All changes of one or more revisions, in order.
    case changed([Change], at: Revision)
    /// What happened before this revision was not told and cannot be any more. The watch goes on from there.
    case compacted(before: Revision)
    /// The watch was interrupted: etcd's data is that of another cluster now. It goes on from what that has.
    case otherCluster
    /// The connection was lost, or the member cannot answer. The watch connects again, and goes on where it was.
    case interrupted(CoordinationError)

    public struct Change: Hashable, Sendable {
        public enum Kind: Hashable, Sendable { case put, delete }

        public var kind: Kind
        /// Of a deleted key only key and modification revision are known.
        public var value: StoredValue

        public init(kind: Kind, value: StoredValue) {
            self.kind = kind
            self.value = value
        }
    }
}

extension WatchEvent.Change: WireAnswer {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields()
        self.init(
            kind: try fields.text("type") == "DELETE" ? .delete : .put,
            value: try fields.decode(StoredValue.self, forKey: "kv"))
    }
}

/// How current a read must be.
public enum MySQLReadConsistency: Sendable, Hashable {
    /// Any server that is at most ``MySQLClusterConfiguration/maximumLag`` behind.
    case eventual
    /// Not older than the writes of the current ``MySQLSession``; ``eventual`` outside of one.
    case session
    /// Not older than the write that the token came from.
    case after(MySQLSessionToken)
    /// From the primary.
    case strong
}

/// What a write gave, and the token for reads that must see it.
public struct MySQLCommitted<Value: Sendable>: Sendable {
    public var value: Value
    /// `nil` when nothing was changed.
    public var token: MySQLSessionToken?
}

public import TandemFailover
import Synchronization

/// The numbers that an agent gives to the sources of transactions, for all that reads sets of them.
public final class GTIDNumbering: Sendable {
    private let sources = Mutex(GTIDSources())

    public init() {}

    public func set(_ text: String) throws -> GTIDSet {
        try sources.withLock { try GTIDSet(text: text, sources: &$0) }
    }

    public func text(_ set: GTIDSet) -> String { sources.withLock { set.text($0) } }

    public func withSources<Value: Sendable>(_ body: (inout GTIDSources) throws -> Value) rethrows -> Value {
        try sources.withLock { try body(&$0) }
    }
}

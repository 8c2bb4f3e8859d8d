/// Prepared statements by their text; the least recently used goes when there is no room.
struct StatementCache {
    private struct Entry {
        var statement: PreparedStatement
        var lastUse: UInt64
    }

    private let capacity: Int
    private var entries: [String: Entry] = [:]
    private var clock: UInt64 = 0

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var count: Int { entries.count }

    subscript(sql: String) -> PreparedStatement? {
        mutating get {
            guard let index = entries.index(forKey: sql) else { return nil }
            clock += 1
            entries.values[index].lastUse = clock
            return entries.values[index].statement
        }
        set {
            clock += 1
            entries[sql] = newValue.map { Entry(statement: $0, lastUse: clock) }
            // A scan of a few hundred entries is nothing beside the round trip of the statement that displaced one.
            if entries.count > capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                entries[oldest.key] = nil
            }
        }
    }

    mutating func removeAll() { entries = [:] }
}

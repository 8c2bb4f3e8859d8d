/// Where a transaction in a log ends. It begins with its GTID, and ends with a statement that stands alone (DDL), or,
/// once it has begun, with its commit, its preparation (XA), or its rollback. One that another GTID cuts off has no
/// end: a receiver that connects anew is sent it again from its beginning.
struct TransactionBoundary {
    /// Where the present one begins; nil outside of any.
    private(set) var start: UInt64?
    private var gtid: LogGTID?
    /// It needs an end of its own.
    private var hasBegun = false
    private var tables = 0
    private var hasOther = false

    mutating func begin(_ gtid: LogGTID?, at offset: UInt64) {
        self = TransactionBoundary()
        self.gtid = gtid
        start = offset
    }

    /// How much of an event of this kind must be seen, at most.
    static func bytesLooked(at kind: UInt8) -> Int {
        switch kind {
        // Up to 64 kB of settings and a database's name come before the statement, whose last words count as well.
        case LogEventKind.query: 1 << 20
        case LogEventKind.tableMap: 300
        default: 0
        }
    }

    /// The transaction that is whole with this event.
    mutating func pass(_ kind: UInt8, _ body: UnsafeRawBufferPointer, endingAt end: UInt64) -> LoggedTransaction? {
        switch kind {
        case LogEventKind.query:
            return passQuery(body, endingAt: end)
        case LogEventKind.tableMap:
            tables += 1
            if !Self.isHeartbeat(body) { hasOther = true }
            return nil
        case LogEventKind.xid, LogEventKind.xaPrepare:
            return ends(at: end)
        case LogEventKind.payload, LogEventKind.viewChange, LogEventKind.incident:
            guard !hasBegun else { return nil }
            hasOther = true
            return ends(at: end, isCompressed: kind == LogEventKind.payload)
        default:
            return nil
        }
    }

    private mutating func passQuery(_ body: UnsafeRawBufferPointer, endingAt end: UInt64) -> LoggedTransaction? {
        // Session, time, length of the database's name, error, length of the settings.
        var reader = ByteReader(body)
        guard reader.skip(8), let name = reader.byte(), reader.skip(2), let settings = reader.number(2),
            reader.skip(Int(settings) + Int(name) + 1), let words = reader.bytes(reader.left)
        else { return nil }
        let isEnd = Self.isAny(of: Self.ends, words)
        if hasBegun {
            if !isEnd { hasOther = hasOther || !Self.isAny(of: Self.inside, words) }
            return isEnd ? ends(at: end) : nil
        }
        if Self.isAny(of: Self.beginnings, words) || isLongCreation(words, end) {
            hasBegun = true
            hasOther = hasOther || words.count > 5
            return nil
        }
        if !isEnd { hasOther = true }
        return ends(at: end)
    }

    /// CREATE TABLE … SELECT is logged as such, with START TRANSACTION behind it, and its rows follow. A comment may
    /// end so too: then the transaction says itself that it ends here.
    private func isLongCreation(_ words: UnsafeRawBufferPointer, _ end: UInt64) -> Bool {
        guard let start, words.count >= Self.suffix.count, words.suffix(Self.suffix.count).elementsEqual(Self.suffix)
        else { return false }
        guard let length = gtid?.length, length > 0 else { return true }
        return end - start < length
    }

    private mutating func ends(at end: UInt64, isCompressed: Bool = false) -> LoggedTransaction? {
        defer { self = TransactionBoundary() }
        guard let gtid, let start else { return nil }
        return LoggedTransaction(
            gtid: gtid, bytes: start..<end, isOnlyHeartbeat: tables > 0 && !hasOther, isCompressed: isCompressed)
    }

    private static let suffix = Array("START TRANSACTION".utf8)
    private static let beginnings: [(words: [UInt8], isWhole: Bool)] = [
        (Array("BEGIN".utf8), true), (Array("XA START".utf8), false),
    ]
    private static let ends: [(words: [UInt8], isWhole: Bool)] = [
        (Array("COMMIT".utf8), true), (Array("ROLLBACK".utf8), true), (Array("XA ROLLBACK".utf8), false),
    ]
    private static let inside: [(words: [UInt8], isWhole: Bool)] = [(Array("SAVEPOINT".utf8), false)]

    private static func isAny(of list: [(words: [UInt8], isWhole: Bool)], _ query: UnsafeRawBufferPointer) -> Bool {
        list.contains { words, isWhole in
            (!isWhole || query.count == words.count) && query.starts(with: words)
        }
    }

    private static let heartbeat = (schema: Array("tandem".utf8), table: Array("heartbeat".utf8))

    /// The table's number and flags, then its names, each with its length before it.
    private static func isHeartbeat(_ body: UnsafeRawBufferPointer) -> Bool {
        var reader = ByteReader(body)
        guard reader.skip(8), let schema = reader.byte(), let schemaName = reader.bytes(Int(schema)), reader.skip(1),
            let table = reader.byte(), let tableName = reader.bytes(Int(table))
        else { return false }
        return schemaName.elementsEqual(heartbeat.schema) && tableName.elementsEqual(heartbeat.table)
    }
}

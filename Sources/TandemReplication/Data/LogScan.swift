/// A transaction in a log, whole.
struct LoggedTransaction: Hashable, Sendable {
    var gtid: LogGTID
    /// Where its GTID event begins, and where its last event ends.
    var bytes: Range<UInt64>
    /// The format event that was in force: in a relay log the source's own, which comes after the receiver's.
    var format: Range<UInt64> = 0..<0
    /// Every table whose rows it changes is one that the agents write, and it has no other statement.
    var isOnlyHeartbeat = false
    /// It is compressed: what it changes cannot be seen from outside.
    var isCompressed = false
}

/// What a log says of itself.
struct LogSummary: Hashable, Sendable {
    /// Its server has not closed it.
    var isInUse = false
    /// nil: it has no such event, or not yet.
    var previous: TransactionSet?
    /// The format event, without which no part of the log can be read.
    var format: Range<UInt64>?
    /// From here on there is no whole event: the server was ended while it wrote, or is writing now. nil: it was read
    /// to its end.
    var tornAt: UInt64?
    /// Where a transaction begins that is not whole, at its end.
    var openTransaction: UInt64?
    var size: UInt64 = 0
}

/// Reads the events of one log. What is not whole is never reported: a transaction counts once its last event is there,
/// as for MySQL itself (`Retrieved_Gtid_Set`, and what recovery keeps of a binary log).
struct LogScan: ~Copyable {
    /// Longer sets than this have no server that works.
    static let previousBound: UInt32 = 64 << 20

    private var bytes: LogBytes
    private var offset: UInt64 = 4
    private var hasChecksums = false
    private var summary = LogSummary()
    private var transaction = TransactionBoundary()
    private var format: Range<UInt64> = 0..<0

    /// nil: there is no such file.
    /// - Throws: what can be no end of a log that was being written: an encrypted one, a wrong checksum, a format of
    ///   another time.
    static func run(
        _ path: String, stopsAfterPrevious: Bool = false, _ found: (LoggedTransaction) throws -> Void = { _ in }
    ) throws -> LogSummary? {
        guard let bytes = try LogBytes(path) else { return nil }
        var scan = LogScan(bytes: bytes)
        return try scan.run(stopsAfterPrevious, found)
    }

    private init(bytes: consuming LogBytes) { self.bytes = bytes }

    private mutating func run(
        _ stopsAfterPrevious: Bool, _ found: (LoggedTransaction) throws -> Void
    ) throws -> LogSummary {
        summary.size = bytes.size
        guard try readMagic() else {
            summary.tornAt = 0
            return summary
        }
        while offset < bytes.size {
            guard let header = try bytes.with(offset, LogEventHeader.size, LogEventHeader.init(_:)) ?? nil,
                header.size >= LogEventHeader.size, UInt64(header.size) <= bytes.size - offset,
                summary.format != nil || header.kind == LogEventKind.format
            else {
                summary.tornAt = offset
                break
            }
            try read(header, found)
            offset += UInt64(header.size)
            if stopsAfterPrevious, summary.previous != nil { break }
        }
        summary.openTransaction = transaction.start
        return summary
    }

    /// False where not even that is there.
    private mutating func readMagic() throws -> Bool {
        let magic = try bytes.with(0, 4) { Array($0) }
        switch magic {
        case nil, [0, 0, 0, 0]: return false
        case [0xfe, 0x62, 0x69, 0x6e]: return true
        case [0xfd, 0x62, 0x69, 0x6e]:
            throw DataError("\(bytes.path) is encrypted, and only its server can read it; set binlog_encryption = OFF")
        default: throw DataError("\(bytes.path) is no log of MySQL: it does not begin like one")
        }
    }

    private mutating func read(_ header: LogEventHeader, _ found: (LoggedTransaction) throws -> Void) throws {
        let end = offset + UInt64(header.size)
        switch header.kind {
        case LogEventKind.format:
            try readFormat(header)
        case LogEventKind.previousGTIDs:
            guard header.size <= Self.previousBound else { throw damaged("a set of transactions without end") }
            let previous = try checked(header, TransactionSet.init(previous:))
            guard let previous else { throw damaged("a set of transactions that makes no sense") }
            summary.previous = previous
        case LogEventKind.gtid, LogEventKind.taggedGTID:
            guard header.size <= 4096 else { throw damaged("a transaction's number of \(header.size) bytes") }
            let isTagged = header.kind == LogEventKind.taggedGTID
            let gtid = try checked(header) { isTagged ? LogGTID(tagged: $0) : LogGTID($0) }
            guard let gtid else { throw damaged("a transaction's number that makes no sense") }
            transaction.begin(gtid, at: offset)
        case LogEventKind.anonymous:
            transaction.begin(nil, at: offset)
        default:
            guard transaction.start != nil else { return }
            let looks = TransactionBoundary.bytesLooked(at: header.kind)
            let kind = header.kind
            let count = min(looks, Int(header.size) - LogEventHeader.size - (hasChecksums ? 4 : 0))
            guard count >= 0 else { throw damaged("an event that is too short") }
            var boundary = transaction
            let whole = try bytes.with(offset + UInt64(LogEventHeader.size), count) { body in
                boundary.pass(kind, body, endingAt: end)
            }
            transaction = boundary
            guard var whole = whole ?? nil else { return }
            whole.format = format
            try found(whole)
        }
    }

    /// Every log has it first; in a relay log the source's own comes later.
    private mutating func readFormat(_ header: LogEventHeader) throws {
        // The version, the server's name, a time, the header's length; at the end the kind of checksum, and one in any
        // case.
        let isFirst = summary.format == nil
        let read = try bytes.with(offset, Int(header.size)) { event -> UInt8? in
            var reader = ByteReader(event)
            guard reader.skip(LogEventHeader.size), reader.number(2) == 4, reader.skip(54),
                reader.byte() == UInt8(LogEventHeader.size), event.count >= LogEventHeader.size + 57 + 5
            else { return nil }
            return event[event.count - 5]
        }
        guard let kind = read ?? nil, kind <= 1 else { throw damaged("a format that is not of MySQL 5.6 or later") }
        // From here on: a relay log takes its source's events as they came.
        hasChecksums = kind == 1
        format = offset..<offset + UInt64(header.size)
        guard isFirst else { return }
        summary.format = format
        summary.isInUse = header.flags & LogEventHeader.isInUse != 0
    }

    /// What `read` makes of the event's body, once its checksum fits.
    private mutating func checked<Value>(
        _ header: LogEventHeader, _ read: (UnsafeRawBufferPointer) -> Value?
    ) throws -> Value? {
        let tail = hasChecksums ? 4 : 0
        let hasChecksums = hasChecksums
        guard Int(header.size) >= LogEventHeader.size + tail else { throw damaged("an event that is too short") }
        let result = try bytes.with(offset, Int(header.size)) { event -> Value?? in
            let end = event.count - tail
            var stored = ByteReader(UnsafeRawBufferPointer(rebasing: event[end...]))
            let fits =
                !hasChecksums
                || stored.number(4) == UInt64(Checksum.crc32(UnsafeRawBufferPointer(rebasing: event[..<end])))
            return fits ? .some(read(UnsafeRawBufferPointer(rebasing: event[LogEventHeader.size..<end]))) : nil
        }
        guard let value = result ?? nil else { throw damaged("a checksum that does not fit") }
        return value
    }

    private borrowing func damaged(_ what: String) -> DataError {
        DataError("\(bytes.path) is damaged: there is \(what) at byte \(offset)")
    }
}

/// What of a log's event matters here. The format:
/// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_replication_binlog_event.html, and for tagged GTIDs
/// libs/mysql/serialization/readme.md in MySQL's source.
struct LogEventHeader {
    static let size = 19

    var kind: UInt8
    /// Of the whole event: header, body and checksum.
    var size: UInt32
    var flags: UInt16

    init?(_ bytes: UnsafeRawBufferPointer) {
        var reader = ByteReader(bytes)
        guard reader.skip(4), let kind = reader.byte(), reader.skip(4), let size = reader.number(4), reader.skip(4),
            let flags = reader.number(2)
        else { return nil }
        self.kind = kind
        self.size = UInt32(size)
        self.flags = UInt16(flags)
    }

    /// In the first event of a log that its server has not closed.
    static let isInUse: UInt16 = 1
}

/// The kinds of events that begin, end or describe something.
enum LogEventKind {
    static let query: UInt8 = 2
    static let stop: UInt8 = 3
    static let rotate: UInt8 = 4
    static let format: UInt8 = 15
    static let xid: UInt8 = 16
    static let tableMap: UInt8 = 19
    static let incident: UInt8 = 26
    static let gtid: UInt8 = 33
    static let anonymous: UInt8 = 34
    static let previousGTIDs: UInt8 = 35
    static let viewChange: UInt8 = 37
    static let xaPrepare: UInt8 = 38
    /// A whole transaction, compressed. Its GTID stands before it, and not compressed.
    static let payload: UInt8 = 40
    static let taggedGTID: UInt8 = 42
}

/// The GTID event that begins a transaction.
struct LogGTID: Hashable, Sendable {
    var source: TransactionSource
    var number: UInt64
    /// From the GTID event to the end of the transaction; 0: it does not say.
    var length: UInt64 = 0

    /// - Parameter body: what follows the header, without the checksum.
    init?(_ body: UnsafeRawBufferPointer) {
        var reader = ByteReader(body)
        guard reader.skip(1), let high = reader.big(8), let low = reader.big(8), let number = reader.number(8),
            (1..<UInt64(Int64.max)).contains(number)
        else { return nil }
        source = TransactionSource(high: high, low: low)
        self.number = number
        length = Self.length(&reader)
    }

    private static func length(_ reader: inout ByteReader) -> UInt64 {
        // The logical clock's kind and two times, then when it was committed, with its highest bit set where the
        // origin's time follows.
        guard reader.skip(17), let committed = reader.number(7) else { return 0 }
        guard committed & 1 << 55 == 0 || reader.skip(7) else { return 0 }
        return reader.packed() ?? 0
    }

    /// GTID_TAGGED_LOG_EVENT: numbered fields, each once, in order.
    init?(tagged body: UnsafeRawBufferPointer) {
        var reader = ByteReader(body)
        // The version of the form, the size, and the last field that must be understood.
        guard reader.variable() == 1, reader.variable() != nil, reader.variable() != nil else { return nil }
        var uuid: [UInt8] = []
        var number: Int64 = 0
        var tag: String?
        fields: while reader.left > 0, let field = reader.variable() {
            switch field {
            case 0: guard reader.variable() != nil else { return nil }
            case 1:
                for _ in 0..<16 {
                    guard let byte = reader.variable(), byte <= 0xff else { return nil }
                    uuid.append(UInt8(byte))
                }
            case 2:
                guard let value = reader.signed() else { return nil }
                number = value
            case 3:
                guard let count = reader.variable(), count <= 32, let bytes = reader.bytes(Int(count)) else {
                    return nil
                }
                tag = String(decoding: bytes, as: UTF8.self)
            case 4, 5: guard reader.signed() != nil else { return nil }
            case 6, 7: guard reader.variable() != nil else { return nil }
            case 8:
                guard let value = reader.variable() else { return nil }
                length = value
            default: break fields
            }
        }
        guard uuid.count == 16, let tag, number >= 1, number < Int64.max, Self.isTag(tag) else { return nil }
        source = uuid.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return TransactionSource(high: reader.big(8) ?? 0, low: reader.big(8) ?? 0, tag: tag)
        }
        self.number = UInt64(number)
    }

    /// A letter or underscore, then digits too, and all in lower case; empty where there is none.
    static func isTag(_ tag: String) -> Bool {
        tag.utf8.enumerated().allSatisfy { place, byte in
            (97...122).contains(byte) || byte == 95 || place > 0 && (48...57).contains(byte)
        }
    }
}

extension TransactionSet {
    /// PREVIOUS_GTIDS_LOG_EVENT: all that the logs before this one have.
    /// - Parameter body: what follows the header, without the checksum.
    init?(previous body: UnsafeRawBufferPointer) {
        var reader = ByteReader(body)
        guard let word = reader.number(8), word >> 56 <= 1 else { return nil }
        // With tags the number of sources stands between two bytes that say so.
        let isTagged = word >> 56 == 1
        let count = isTagged ? word >> 8 & 0xffff_ffff_ffff : word
        var found = Builder()
        // Each takes 24 bytes at least, so a wrong number ends at the end of the event.
        for _ in 0..<min(count, UInt64(body.count)) {
            guard let high = reader.big(8), let low = reader.big(8) else { return nil }
            var source = TransactionSource(high: high, low: low)
            if isTagged {
                guard let length = reader.variable(), length <= 32, let tag = reader.bytes(Int(length)) else {
                    return nil
                }
                source.tag = String(decoding: tag, as: UTF8.self)
                guard LogGTID.isTag(source.tag) else { return nil }
            }
            guard let intervals = reader.number(8), intervals <= UInt64(reader.left) / 16 else { return nil }
            for _ in 0..<intervals {
                guard let first = reader.number(8), let end = reader.number(8), first >= 1, first < end,
                    end <= UInt64(Int64.max)
                else { return nil }
                found.insert(source, first...end - 1)
            }
        }
        guard count <= UInt64(body.count), reader.left == 0 else { return nil }
        self = found.set()
    }
}

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A compiled time zone as /usr/share/zoneinfo holds it (RFC 9636), as far as MySQL's tables go.
public struct TimeZoneFile: Sendable, Equatable {
    /// What holds from some moment on.
    public struct Kind: Sendable, Equatable {
        public var offsetSeconds: Int
        public var isDaylightSaving: Bool
        public var abbreviation: String
    }

    public var kinds: [Kind]
    /// Seconds since 1970, rising, and the index of the kind that begins then.
    public var transitions: [(time: Int, kind: Int)]

    public static func == (left: TimeZoneFile, right: TimeZoneFile) -> Bool {
        left.kinds == right.kinds && left.transitions.elementsEqual(right.transitions, by: ==)
    }

    /// - Returns: nil for what is no such file, and for one that leaves the clock changes of today to a rule, which
    ///   MySQL's tables cannot hold.
    public init?(_ data: Data) {
        var reader = Reader(bytes: Array(data))
        // The first part has times of 32 bits, for old readers.
        guard let first = Header(&reader), first.version >= 2 else { return nil }
        reader.position += first.bodyBytes(timeBytes: 4)
        guard let header = Header(&reader), let times = reader.numbers(header.times, of: 8),
            let indices = reader.bytes(header.times), let types = reader.bytes(header.types * 6),
            let characters = reader.bytes(header.characters)
        else { return nil }
        reader.position += header.leapSeconds * 12 + header.standardMarks + header.localMarks
        kinds = stride(from: 0, to: types.count, by: 6).map { start in
            let offset = Int32(truncatingIfNeeded: Reader.number(types[start..<start + 4]))
            let name = characters.dropFirst(Int(types[start + 5])).prefix { $0 != 0 }
            return Kind(
                offsetSeconds: Int(offset), isDaylightSaving: types[start + 4] != 0,
                abbreviation: String(decoding: name, as: UTF8.self))
        }
        transitions = zip(times, indices).map { (time: $0, kind: Int($1)) }
        let count = kinds.count
        guard count > 0, transitions.allSatisfy({ $0.kind < count }) else { return nil }
        let rule = String(decoding: reader.rest, as: UTF8.self)
        guard rule.count >= 2, rule.first == "\n", rule.last == "\n" else { return nil }
        if rule.contains(","), (transitions.last?.time ?? 0) < Self.farEnough { return nil }
    }

    /// The end of 2036. Files with explicit times reach to 2037.
    private static let farEnough = 2_114_380_800
}

private struct Header {
    var version: Int
    var localMarks: Int
    var standardMarks: Int
    var leapSeconds: Int
    var times: Int
    var types: Int
    var characters: Int

    init?(_ reader: inout Reader) {
        guard reader.bytes(4).map(Array.init) == Array("TZif".utf8), let version = reader.bytes(1)?.first,
            reader.bytes(15) != nil, let counts = reader.numbers(6, of: 4),
            // No file comes near; what is damaged must not make us reserve memory.
            counts.allSatisfy({ (0...100_000).contains($0) })
        else { return nil }
        self.version = Int(version) - Int(UInt8(ascii: "0"))
        localMarks = counts[0]
        standardMarks = counts[1]
        leapSeconds = counts[2]
        times = counts[3]
        types = counts[4]
        characters = counts[5]
    }

    func bodyBytes(timeBytes: Int) -> Int {
        times * (timeBytes + 1) + types * 6 + characters + leapSeconds * (timeBytes + 4) + standardMarks + localMarks
    }
}

private struct Reader {
    let bytes: [UInt8]
    var position = 0

    var rest: ArraySlice<UInt8> { bytes.dropFirst(position) }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard position + count <= bytes.count else { return nil }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    mutating func numbers(_ count: Int, of size: Int) -> [Int]? {
        bytes(count * size).map { all in
            stride(from: 0, to: all.count, by: size).map { Self.number(all[$0..<$0 + size]) }
        }
    }

    /// Most significant byte first.
    static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        Int(truncatingIfNeeded: bytes.reduce(into: UInt64(0)) { $0 = $0 << 8 | UInt64($1) })
    }
}

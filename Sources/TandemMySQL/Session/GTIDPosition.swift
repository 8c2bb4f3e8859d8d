/// How far transactions have come, by where they began: the highest number of each source.
///
/// Replicas apply a source's transactions in order (`replica_preserve_commit_order`, MySQL's default), so who has
/// number 8 has 1 to 7 too.
struct GTIDPosition: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        /// A server's UUID, or `UUID:TAG`.
        var source: String
        var number: UInt64
    }

    /// Each change of primary adds a source. Those that count are the latest; more than this is no position but a
    /// history.
    static let mostEntries = 8

    /// The latest last.
    private(set) var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }

    subscript(source: String) -> UInt64? { entries.first { $0.source == source }?.number }

    mutating func advance(_ source: String, to number: UInt64) {
        if let index = entries.firstIndex(where: { $0.source == source }) {
            guard entries[index].number < number else { return }
            entries.remove(at: index)
        } else if entries.count == Self.mostEntries {
            entries.removeFirst()
        }
        entries.append(Entry(source: source, number: number))
    }

    mutating func merge(_ other: GTIDPosition) {
        for entry in other.entries { advance(entry.source, to: entry.number) }
    }

    /// What of this `other` lacks.
    func missing(in other: GTIDPosition) -> GTIDPosition {
        var rest = GTIDPosition()
        rest.entries = entries.filter { (other[$0.source] ?? 0) < $0.number }
        return rest
    }
}

extension GTIDPosition: CustomStringConvertible {
    /// As MySQL writes a set of single transactions: `UUID:8,UUID2:3`.
    var description: String { entries.map { "\($0.source):\($0.number)" }.joined(separator: ",") }

    /// Reads a GTID or a set of them as MySQL writes it: `UUID:8`, `UUID:1-8:11-12,UUID2:1-3:tag:5`.
    /// - Returns: `nil` for anything else, also for an empty text.
    init?(_ text: some StringProtocol) {
        for part in Substring(text).split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: ":", omittingEmptySubsequences: false)
                .map { $0.trimmed() }
            guard let uuid = words.first, Self.isUUID(uuid), words.count > 1 else { return nil }
            var source = uuid.lowercased()
            for word in words.dropFirst() {
                if let number = Self.lastNumber(word) {
                    advance(source, to: number)
                } else if Self.isTag(word) {
                    source = "\(uuid.lowercased()):\(word)"
                } else {
                    return nil
                }
            }
        }
        guard !isEmpty else { return nil }
    }

    /// Of `8` and `1-8`: 8.
    private static func lastNumber(_ interval: String) -> UInt64? {
        let ends = interval.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = ends.compactMap { end in end.allSatisfy(\.isNumber) ? UInt64(end) : nil }
        guard (1...2).contains(ends.count), numbers.count == ends.count, let last = numbers.last, last > 0 else {
            return nil
        }
        return last
    }

    private static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && text.allSatisfy { $0 == "-" || $0.isHexDigit && $0.isASCII }
    }

    /// A letter or underscore first, then up to 31 of these or digits.
    private static func isTag(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter || first == "_", text.utf8.count <= 32 else {
            return false
        }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }
}

extension Substring {
    fileprivate func trimmed() -> String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// The sources of transactions (a server's UUID, with a tag where there is one) and their numbers inside one agent. It
/// only grows: as many as there were servers and cuts in the stack's life.
public struct GTIDSources: Hashable, Sendable {
    public private(set) var names: [String] = []
    private var numbers: [String: UInt32] = [:]

    public init() {}

    public mutating func number(_ name: String) -> UInt32 {
        if let number = numbers[name] { return number }
        let number = UInt32(truncatingIfNeeded: names.count)
        names.append(name)
        numbers[name] = number
        return number
    }
}

/// A text is no set of transactions.
public struct GTIDTextError: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public var description: String { "'\(text)' is no set of transactions such as UUID:1-5:7, UUID:TAG:1-3" }
}

/// Sets as MySQL writes them: `UUID:1-5:7,UUID:TAG:1-3`, a tag being in force until the next one or the next UUID.
extension GTIDSet {
    /// The numbers of transactions are below this one (`GNO_END`).
    public static let end = UInt64(Int64.max)

    public init(text: String, sources: inout GTIDSources) throws {
        var intervals: [Interval] = []
        for part in text.split(separator: ",") {
            let words = part.split(separator: ":").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let uuid = words.first, uuid.count == 36, words.count > 1 else { throw GTIDTextError(text: text) }
            var source = uuid
            for word in words.dropFirst() {
                guard word.first?.isNumber == true else {
                    source = "\(uuid):\(word)"
                    continue
                }
                let ends = word.split(separator: "-", omittingEmptySubsequences: false)
                guard ends.count <= 2, let first = UInt64(ends[0]), let last = UInt64(ends[ends.count - 1]),
                    first >= 1, first <= last, last < GTIDSet.end
                else { throw GTIDTextError(text: text) }
                intervals.append(Interval(source: sources.number(source), first: first, last: last))
            }
        }
        self.init(intervals)
    }

    /// One source after the other, each with its intervals.
    public func text(_ sources: GTIDSources) -> String {
        var parts: [String] = []
        var last: UInt32?
        for interval in intervals {
            let range = interval.first == interval.last ? "\(interval.first)" : "\(interval.first)-\(interval.last)"
            if interval.source == last, let part = parts.popLast() {
                parts.append("\(part):\(range)")
            } else {
                parts.append("\(sources.names[Int(interval.source)]):\(range)")
                last = interval.source
            }
        }
        return parts.joined(separator: ",")
    }
}

public import TandemFailover

/// Which server gave a transaction its number, and under which tag.
struct TransactionSource: Hashable, Sendable {
    /// The UUID's 16 bytes.
    var high: UInt64
    var low: UInt64
    /// Empty where there is none.
    var tag = ""

    /// As MySQL writes it: `UUID`, or `UUID:TAG`.
    var name: String {
        func hex(_ value: UInt64, _ digits: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        let uuid = [
            hex(high >> 32, 8), hex(high >> 16 & 0xffff, 4), hex(high & 0xffff, 4), hex(low >> 48, 4),
            hex(low & 0xffff_ffff_ffff, 12),
        ].joined(separator: "-")
        return tag.isEmpty ? uuid : "\(uuid):\(tag)"
    }
}

extension TransactionSource {
    /// nil where the name is no UUID, with or without a tag.
    init?(name: String) {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard digits.map(\.count) == [8, 4, 4, 4, 12],
            let high = UInt64(digits[0...2].joined(), radix: 16), let low = UInt64(digits[3...4].joined(), radix: 16)
        else { return nil }
        self.init(high: high, low: low, tag: parts.count > 1 ? String(parts[1]) : "")
    }
}

/// A set of transactions as it is found in a log: by the servers' names, which mean the same to everybody.
public struct TransactionSet: Hashable, Sendable {
    /// Sorted, apart from each other, none empty.
    private var ranges: [TransactionSource: [ClosedRange<UInt64>]] = [:]

    public init() {}

    public init(_ set: GTIDSet, _ sources: GTIDSources) throws {
        for interval in set.intervals {
            guard sources.names.indices.contains(Int(interval.source)),
                let source = TransactionSource(name: sources.names[Int(interval.source)])
            else { throw DataError("a set of transactions has a source that is no server's UUID") }
            ranges[source, default: []].append(interval.first...interval.last)
        }
    }

    /// As MySQL writes them.
    public init(text: String) throws {
        var sources = GTIDSources()
        try self.init(try GTIDSet(text: text, sources: &sources), sources)
    }

    public var isEmpty: Bool { ranges.isEmpty }

    public var count: UInt64 { ranges.values.joined().reduce(0) { $0 + $1.upperBound - $1.lowerBound + 1 } }

    public func gtidSet(_ sources: inout GTIDSources) -> GTIDSet {
        var intervals: [GTIDSet.Interval] = []
        for source in ranges.keys.sorted(by: { $0.name < $1.name }) {
            let number = sources.number(source.name)
            for range in ranges[source] ?? [] {
                intervals.append(.init(source: number, first: range.lowerBound, last: range.upperBound))
            }
        }
        return GTIDSet(intervals)
    }

    public var text: String {
        var sources = GTIDSources()
        return gtidSet(&sources).text(sources)
    }

    func contains(_ source: TransactionSource, _ number: UInt64) -> Bool {
        guard let ranges = ranges[source] else { return false }
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(number)
    }

    public func subtracting(_ other: TransactionSet) -> TransactionSet { combine(other) { $0.subtracting($1) } }

    public func union(_ other: TransactionSet) -> TransactionSet { combine(other) { $0.union($1) } }

    private func combine(_ other: TransactionSet, _ operation: (GTIDSet, GTIDSet) -> GTIDSet) -> TransactionSet {
        var result = TransactionSet()
        for source in Set(ranges.keys).union(other.ranges.keys) {
            func set(_ ranges: [ClosedRange<UInt64>]?) -> GTIDSet {
                GTIDSet((ranges ?? []).map { .init(source: 0, first: $0.lowerBound, last: $0.upperBound) })
            }
            let left = operation(set(ranges[source]), set(other.ranges[source])).intervals.map { $0.first...$0.last }
            if !left.isEmpty { result.ranges[source] = left }
        }
        return result
    }

    /// Collects what a log has, mostly in order.
    struct Builder {
        private var found: [TransactionSource: [ClosedRange<UInt64>]] = [:]
        private var source: TransactionSource?
        private var current: [ClosedRange<UInt64>] = []
        /// Ranges are put in order when a source has as many, so that a log out of order costs no more memory than its
        /// gaps.
        private var bound = 65_536

        mutating func insert(_ source: TransactionSource, _ range: ClosedRange<UInt64>) {
            if source != self.source { change(to: source) }
            if let last = current.last, last.upperBound < .max, last.upperBound + 1 == range.lowerBound {
                current[current.count - 1] = last.lowerBound...range.upperBound
                return
            }
            current.append(range)
            if current.count > bound {
                current = Self.ordered(current)
                bound = max(65_536, current.count * 2)
            }
        }

        private mutating func change(to source: TransactionSource) {
            if let old = self.source { found[old] = current }
            current = found.removeValue(forKey: source) ?? []
            self.source = source
        }

        private static func ordered(_ ranges: [ClosedRange<UInt64>]) -> [ClosedRange<UInt64>] {
            GTIDSet(ranges.map { .init(source: 0, first: $0.lowerBound, last: $0.upperBound) }).intervals.map {
                $0.first...$0.last
            }
        }

        func set() -> TransactionSet {
            var result = TransactionSet()
            result.ranges = found
            if let source { result.ranges[source] = current }
            result.ranges = result.ranges.mapValues(Self.ordered).filter { !$0.value.isEmpty }
            return result
        }
    }
}

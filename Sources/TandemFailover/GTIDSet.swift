/// A set of MySQL transactions: for each source (a server's UUID, numbered at the edge) the intervals of its
/// transaction numbers, as in `gtid_executed`.
///
/// Intervals are sorted by source and start, do not touch, and their ends are inclusive.
public struct GTIDSet: Hashable, Sendable {
    public struct Interval: Hashable, Sendable {
        public let source: UInt32
        public let first: UInt64
        public let last: UInt64

        public init(source: UInt32, first: UInt64, last: UInt64) {
            precondition(first <= last, "an interval of transactions is not empty")
            self.source = source
            self.first = first
            self.last = last
        }
    }

    public private(set) var intervals: [Interval]

    public static let empty = GTIDSet()

    /// From intervals in any order, overlapping or not.
    public init(_ unsorted: [Interval] = []) {
        intervals = []
        guard !unsorted.isEmpty else { return }
        intervals.reserveCapacity(unsorted.count)
        for interval in unsorted.sorted(by: { ($0.source, $0.first) < ($1.source, $1.first) }) {
            guard let previous = intervals.last, previous.source == interval.source,
                interval.first <= previous.last + 1
            else {
                intervals.append(interval)
                continue
            }
            intervals[intervals.count - 1] = Interval(
                source: previous.source, first: previous.first, last: max(previous.last, interval.last))
        }
    }

    public var isEmpty: Bool { intervals.isEmpty }

    public var count: UInt64 { intervals.reduce(0) { $0 + ($1.last - $1.first + 1) } }

    public func contains(_ other: GTIDSet) -> Bool { other.subtracting(self).isEmpty }

    public func isDisjoint(with other: GTIDSet) -> Bool { subtracting(other) == self }

    public func union(_ other: GTIDSet) -> GTIDSet { GTIDSet(intervals + other.intervals) }

    /// What MySQL calls `GTID_SUBTRACT(self, other)`.
    public func subtracting(_ other: GTIDSet) -> GTIDSet {
        var rest: [Interval] = []
        for interval in intervals {
            var next = interval.first
            var isSpent = false
            for hole in other.intervals where hole.source == interval.source && hole.last >= next {
                guard hole.first <= interval.last else { break }
                if hole.first > next {
                    rest.append(Interval(source: interval.source, first: next, last: hole.first - 1))
                }
                guard hole.last < interval.last else {
                    isSpent = true
                    break
                }
                next = hole.last + 1
            }
            if !isSpent { rest.append(Interval(source: interval.source, first: next, last: interval.last)) }
        }
        return GTIDSet(rest)
    }
}

/// Times in a fixed number of classes, each at most 1/32 wider than the one before: percentiles within 3 %, in constant
/// memory.
public struct Histogram: Sendable, Equatable {
    /// Classes of each power of two.
    private static let parts = 32
    /// Up to an hour, in microseconds; what took longer is in the last class.
    private static let powers = 28
    private var counts = [UInt32](repeating: 0, count: parts * powers)
    public private(set) var count = 0
    public private(set) var slowestMicroseconds = 0

    public init() {}

    public mutating func add(microseconds: Int) {
        counts[Self.place(of: max(0, microseconds))] += 1
        count += 1
        slowestMicroseconds = max(slowestMicroseconds, microseconds)
    }

    /// The time that a share of all, 0 to 1, do not exceed; nil where there are none.
    public func percentile(_ share: Double) -> Int? {
        guard count > 0 else { return nil }
        let wanted = max(1, Int((share * Double(count)).rounded(.up)))
        var seen = 0
        for (place, number) in counts.enumerated() {
            seen += Int(number)
            if seen >= wanted { return min(Self.upperEnd(of: place), slowestMicroseconds) }
        }
        return slowestMicroseconds
    }

    private static func place(of value: Int) -> Int {
        // The first two powers are exact: a class for each number.
        guard value >= 2 * parts else { return value }
        let power = Int.bitWidth - value.leadingZeroBitCount - 1
        let shift = power - 5
        return min(shift * parts + (value >> shift), parts * powers - 1)
    }

    private static func upperEnd(of place: Int) -> Int {
        guard place >= 2 * parts else { return place }
        let shift = place / parts - 1
        return ((place - shift * parts + 1) << shift) - 1
    }
}

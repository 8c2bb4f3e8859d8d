/// Times to answer in a fixed number of classes, each at most an eighth wider than the one before: percentiles within
/// 13 %. A layout and no storage, so that many histograms can lie in one array.
public enum TimeClasses {
    /// Classes of each power of two.
    private static let parts = 8
    /// The last class also has what took longer than two minutes.
    public static let count = 120

    /// - Parameter milliseconds: what is below 0 counts as 0.
    public static func place(of milliseconds: Int) -> Int {
        guard milliseconds >= 2 * parts else { return max(0, milliseconds) }
        let power = Int.bitWidth - milliseconds.leadingZeroBitCount - 1
        let shift = power - 3
        // Before the multiplication: absurd times must not overflow.
        guard shift < count / parts else { return count - 1 }
        return min(shift * parts + (milliseconds >> shift), count - 1)
    }

    /// The longest time of a class.
    public static func upperEnd(of place: Int) -> Int {
        guard place >= 2 * parts else { return place }
        let shift = place / parts - 1
        return ((place - shift * parts + 1) << shift) - 1
    }
}

extension UInt32 {
    /// Numbers below 0 add nothing, and where the sum would overflow, it stays at the highest: agents may tell any
    /// number.
    func adding(_ more: Int) -> UInt32 {
        let (sum, isTooMuch) = addingReportingOverflow(UInt32(clamping: more))
        return isTooMuch ? .max : sum
    }
}

/// How many requests took how long.
public struct TimeHistogram: Sendable, Equatable {
    private var counts = [UInt32](repeating: 0, count: TimeClasses.count)

    public init() {}

    public mutating func add(milliseconds: Int, count: Int = 1) {
        let place = TimeClasses.place(of: milliseconds)
        counts[place] = counts[place].adding(count)
    }

    /// - Parameter times: as in `TrafficSecond`.
    public mutating func add(_ times: [TrafficSecond.Time]) {
        for time in times { add(milliseconds: time.milliseconds, count: time.count) }
    }

    /// The time that a share of all, 0 to 1, do not exceed, in milliseconds, rounded up to the end of its class; nil
    /// where there are none.
    public func percentile(_ share: Double) -> Int? {
        let total = counts.reduce(0) { $0 + Int($1) }
        guard total > 0 else { return nil }
        let wanted = max(1, Int((share * Double(total)).rounded(.up)))
        var seen = 0
        for (place, number) in counts.enumerated() {
            seen += Int(number)
            if seen >= wanted { return TimeClasses.upperEnd(of: place) }
        }
        return nil
    }
}

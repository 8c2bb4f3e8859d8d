import TandemTopology

/// How long all requests took since the agent began, as a Prometheus histogram wants it.
struct DurationTotals: Sendable, Equatable {
    /// In seconds, as they are written; the last one is for all.
    static let bounds: [(text: String, milliseconds: Int)] = [
        ("0.005", 5), ("0.01", 10), ("0.025", 25), ("0.05", 50), ("0.1", 100), ("0.25", 250), ("0.5", 500), ("1", 1000),
        ("2.5", 2500), ("5", 5000), ("10", 10_000), ("30", 30_000),
    ]

    /// Requests by the first bound that they do not exceed; the last place has those beyond all.
    private var counts = [Int](repeating: 0, count: bounds.count + 1)
    private(set) var count = 0
    private var milliseconds = 0

    var seconds: Double { Double(milliseconds) / 1000 }

    mutating func add(milliseconds time: Int) {
        let time = max(0, time)
        let place = Self.bounds.firstIndex { time <= $0.milliseconds } ?? Self.bounds.count
        counts[place] += 1
        count += 1
        // Bounded: a line of a log may say anything.
        milliseconds += min(time, 86_400_000)
    }

    /// Each with all below it.
    var buckets: [(bound: String, count: Int)] {
        var sum = 0
        let finite = Self.bounds.enumerated().map { place, bound in
            sum += counts[place]
            return (bound: bound.text, count: sum)
        }
        return finite + [(bound: "+Inf", count: count)]
    }
}

/// Requests by the tenth of a second in which they ended. A fault that takes longer than there is room for gets wider
/// bins.
public struct Timeline: Codable, Sendable, Equatable {
    public struct Bin: Codable, Sendable, Equatable {
        public var answered = 0
        public var retried = 0
        public var failed = 0
        public var unknown = 0
        public var slowestMilliseconds = 0

        mutating func merge(_ other: Bin) {
            answered += other.answered
            retried += other.retried
            failed += other.failed
            unknown += other.unknown
            slowestMilliseconds = max(slowestMilliseconds, other.slowestMilliseconds)
        }
    }

    static let mostBins = 600
    public private(set) var binMilliseconds = 100
    public private(set) var bins: [Bin] = []

    public init() {}

    mutating func add(_ outcome: Outcome, at milliseconds: Int, tookMilliseconds: Int) {
        extend(to: milliseconds)
        let place = milliseconds / binMilliseconds
        switch outcome {
        case .good: bins[place].answered += 1
        case .retried: bins[place].retried += 1
        case .failed, .stale: bins[place].failed += 1
        case .unknown: bins[place].unknown += 1
        }
        bins[place].slowestMilliseconds = max(bins[place].slowestMilliseconds, tookMilliseconds)
    }

    /// So that a silence at the end is seen too.
    mutating func extend(to milliseconds: Int) {
        while milliseconds / binMilliseconds >= Self.mostBins { fold() }
        while bins.count <= milliseconds / binMilliseconds { bins.append(Bin()) }
    }

    private mutating func fold() {
        bins = stride(from: 0, to: bins.count, by: 2).map { place in
            var bin = bins[place]
            if place + 1 < bins.count { bin.merge(bins[place + 1]) }
            return bin
        }
        binMilliseconds *= 2
    }
}

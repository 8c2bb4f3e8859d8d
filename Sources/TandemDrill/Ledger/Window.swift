/// When a request was under way, as seen from a fault.
public enum Phase: Int, Sendable, CaseIterable {
    case before
    case during
    case after
}

/// All that is counted around one fault. A value: told of every request that ended, with the time since the window
/// opened.
public struct Window: Sendable {
    public struct Counts: Codable, Sendable, Equatable {
        public var sent = 0
        public var good = 0
        public var retried = 0
        public var failed = 0
        public var unknown = 0
        public var stale = 0

        mutating func add(_ outcome: Outcome) {
            sent += 1
            switch outcome {
            case .good: good += 1
            case .retried: retried += 1
            case .failed: failed += 1
            case .unknown: unknown += 1
            case .stale: stale += 1
            }
        }
    }

    /// The longest time without a good answer.
    struct Gap: Sendable {
        private var last = Duration.zero
        private(set) var longest = Duration.zero

        mutating func good(at time: Duration) {
            longest = max(longest, time - last)
            last = max(last, time)
        }

        /// What was before the fault is not held against it; a silence that has begun is.
        mutating func struck() { longest = .zero }
    }

    static let mostFailures = 5

    public private(set) var reads = Counts()
    public private(set) var writes = Counts()
    public private(set) var failures: [String] = []
    public private(set) var timeline = Timeline()
    private var times = Phase.allCases.map { _ in Histogram() }
    private var readGap = Gap()
    private var writeGap = Gap()
    /// Those that began in here and have not ended.
    var underWay = 0

    public init() {}

    mutating func struck() {
        readGap.struck()
        writeGap.struck()
    }

    mutating func add(
        _ kind: RequestKind, _ outcome: Outcome, phase: Phase, endedAt: Duration, took: Duration, words: String?
    ) {
        let isGood = outcome == .good || outcome == .retried
        if kind == .write {
            writes.add(outcome)
            if isGood { writeGap.good(at: endedAt) }
        } else {
            reads.add(outcome)
            if isGood { readGap.good(at: endedAt) }
        }
        times[phase.rawValue].add(microseconds: Int(took / .microseconds(1)))
        timeline.add(
            outcome, at: max(0, Int(endedAt / .milliseconds(1))), tookMilliseconds: Int(took / .milliseconds(1)))
        if let words, !isGood, failures.count < Self.mostFailures {
            failures.append("\(kind.rawValue) after \(Self.seconds(took)): \(words)")
        }
    }

    mutating func close(at time: Duration) {
        timeline.extend(to: max(0, Int(time / .milliseconds(1))))
        if reads.sent > 0 { readGap.good(at: time) }
        if writes.sent > 0 { writeGap.good(at: time) }
    }

    public var longestReadGap: Duration { readGap.longest }
    public var longestWriteGap: Duration { writeGap.longest }

    public var slowest: Duration { .microseconds(times.map(\.slowestMicroseconds).max() ?? 0) }

    /// nil where nothing ended in that phase.
    public func p99(_ phase: Phase) -> Duration? {
        times[phase.rawValue].percentile(0.99).map { .microseconds($0) }
    }

    static func seconds(_ time: Duration) -> String {
        let tenths = Int((time / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}

/// A schedule that broke a rule, as short as it could be made.
public struct SimulationFailure: Codable, Hashable, Sendable {
    public var seed: UInt64
    public var violation: Violation
    public var faults: [Fault]
    public var story: [StoryLine]

    /// The story in lines of text.
    public var lines: [String] { story.map(\.line) }
}

extension StoryLine {
    /// The time, who, and what.
    public var line: String {
        let hundredths = atMicroseconds / 10_000
        let fraction = hundredths % 100
        let seconds = "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
        return "\(seconds) s  \(host.map { $0 + ": " } ?? "")\(text)"
    }
}

/// What a run of many schedules showed.
public struct SimulationSummary: Codable, Hashable, Sendable {
    public var topology: SimulationTopology
    public var firstSeed: UInt64
    public var faultsPerSchedule: Int
    public var schedules = 0
    public var steps = 0
    public var failovers = 0
    public var clones = 0
    public var cuts = 0
    public var salvages = 0
    /// Changes of primary that an operator forced, and how many acknowledged transactions that gave up (they are
    /// exported where they were).
    public var forced = 0
    public var forgiven = 0
    /// How many changes of primary left writes unacknowledged for so many tenths of a second, the last for all longer.
    public var outageTenths: [Int]
    public var longestOutageMilliseconds = 0
    /// From the end of the last fault to a full pair.
    public var longestRecoveryMilliseconds = 0
    public var failures: [SimulationFailure] = []

    static let outageBound = 6_000

    init(options: SimulationRunner.Options) {
        topology = options.topology
        firstSeed = options.firstSeed
        faultsPerSchedule = options.faults
        outageTenths = Array(repeating: 0, count: Self.outageBound)
    }

    mutating func add(_ run: RunMeasures) {
        schedules += 1
        steps += run.steps
        failovers += run.failovers
        clones += run.clones
        cuts += run.cuts
        salvages += run.salvages
        forced += run.forced
        forgiven += run.forgiven
        for outage in run.outages {
            outageTenths[min(Int(outage) / 100, Self.outageBound - 1)] += 1
            longestOutageMilliseconds = max(longestOutageMilliseconds, Int(outage))
        }
        longestRecoveryMilliseconds = max(longestRecoveryMilliseconds, Int(run.recovery / 1_000))
    }

    /// Adds another runner's result over other seeds of the same topology.
    public mutating func merge(_ other: SimulationSummary) {
        firstSeed = schedules == 0 ? other.firstSeed : min(firstSeed, other.firstSeed)
        schedules += other.schedules
        steps += other.steps
        failovers += other.failovers
        clones += other.clones
        cuts += other.cuts
        salvages += other.salvages
        forced += other.forced
        forgiven += other.forgiven
        for index in outageTenths.indices { outageTenths[index] += other.outageTenths[index] }
        longestOutageMilliseconds = max(longestOutageMilliseconds, other.longestOutageMilliseconds)
        longestRecoveryMilliseconds = max(longestRecoveryMilliseconds, other.longestRecoveryMilliseconds)
        failures += other.failures
    }

    /// Half of the changes of primary left writes unacknowledged for no longer than this. nil without any.
    public var medianOutageMilliseconds: Int? {
        let all = outageTenths.reduce(0, +)
        guard all > 0 else { return nil }
        var seen = 0
        for (tenth, count) in outageTenths.enumerated() {
            seen += count
            if seen * 2 >= all { return tenth * 100 + 50 }
        }
        return nil
    }
}

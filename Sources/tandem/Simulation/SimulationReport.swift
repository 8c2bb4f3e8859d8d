import Foundation
import TandemOperator
import TandemSimulation

/// What `tandem simulate` found: the JSON of the command, and the text.
struct SimulationReport: Encodable {
    struct Outage: Encodable {
        /// Half of the changes of primary left writes unacknowledged for no longer. Simulated time.
        var medianMilliseconds: Int?
        var worstMilliseconds: Int
    }

    struct Failure: Encodable {
        var seed: UInt64
        var rule: Violation.Rule
        var text: String
        /// The shortest schedule that still fails.
        var faults: [Fault]
        var story: [String]
        /// The command that runs the whole schedule again.
        var replay: String
    }

    var dataNodes: Int
    var witnesses: Int
    var firstSeed: UInt64
    var faultsPerSchedule: Int
    var schedules: Int
    var steps: Int
    var failovers: Int
    /// Those of them that an operator forced, and the acknowledged transactions that were given up by that.
    var forcedFailovers: Int
    var givenUpTransactions: Int
    var cuts: Int
    var clones: Int
    var writeOutage: Outage
    /// From the last fault to a full pair, in simulated time.
    var longestRecoveryMilliseconds: Int
    var elapsedSeconds: Double
    var violations: [Failure]
    /// With one seed: all that happened.
    var story: [String]?

    init(summary: SimulationSummary, story: [StoryLine]?, elapsed: Duration, replayOptions: [String]) {
        dataNodes = summary.topology.dataNodes
        witnesses = summary.topology.witnesses
        firstSeed = summary.firstSeed
        faultsPerSchedule = summary.faultsPerSchedule
        schedules = summary.schedules
        steps = summary.steps
        failovers = summary.failovers
        forcedFailovers = summary.forced
        givenUpTransactions = summary.forgiven
        cuts = summary.cuts
        clones = summary.clones
        writeOutage = Outage(
            medianMilliseconds: summary.medianOutageMilliseconds, worstMilliseconds: summary.longestOutageMilliseconds)
        longestRecoveryMilliseconds = summary.longestRecoveryMilliseconds
        elapsedSeconds = (elapsed / .seconds(1) * 1_000).rounded() / 1_000
        violations = summary.failures.map {
            let words = ["tandem", "simulate", "--seed", "\($0.seed)"] + replayOptions
            return Failure(
                seed: $0.seed, rule: $0.violation.rule, text: $0.violation.text, faults: $0.faults, story: $0.lines,
                replay: words.joined(separator: " "))
        }
        self.story = story.map { $0.map(\.line) }
    }

    func text(_ style: Style) -> String {
        var lines = story ?? []
        if !lines.isEmpty { lines.append("") }
        for failure in violations { lines += tell(failure, style) + [""] }
        let verdict =
            violations.isEmpty
            ? style.green("no violation")
            : style.red("\(violations.count) violation\(violations.count == 1 ? "" : "s")")
        let median = writeOutage.medianMilliseconds.map { "\(Self.seconds($0)) s median" } ?? "none"
        let rate = elapsedSeconds > 0 ? Int(Double(schedules) / elapsedSeconds) : 0
        lines += [
            "stack         \(dataNodes) data hosts, \(witnesses) witness\(witnesses == 1 ? "" : "es")",
            "schedules     \(schedules.grouped), of \(faultsPerSchedule) faults each, from seed \(firstSeed)",
            "steps         \(steps.grouped), the rules checked after each",
            "failovers     \(failovers.grouped), \(forcedFailovers.grouped) of them forced; "
                + "\(cuts.grouped) cuts, \(clones.grouped) clones",
            "write outage  \(median), \(Self.seconds(writeOutage.worstMilliseconds)) s worst, in simulated time",
            "recovery      \(Self.seconds(longestRecoveryMilliseconds)) s at most, from the last fault to a full pair",
            "violations    \(verdict)",
            "took          \(Self.seconds(Int(elapsedSeconds * 1_000))) s, \(rate.grouped) schedules a second",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private func tell(_ failure: Failure, _ style: Style) -> [String] {
        let count = failure.faults.count
        return [
            style.red("VIOLATION") + " with seed \(failure.seed): \(failure.text)",
            "The shortest schedule that still fails has \(count) fault\(count == 1 ? "" : "s"):", "",
        ] + failure.story.map { "  \($0)" } + ["", "All of it: \(failure.replay)"]
    }

    private static func seconds(_ milliseconds: Int) -> String {
        let hundredths = milliseconds / 10 % 100
        return "\((milliseconds / 1_000).grouped).\(hundredths < 10 ? "0" : "")\(hundredths)"
    }
}

import TandemSimulation
import Testing

@Suite("The simulator can fail")
struct BrokenRuleTests {
    /// Where the search begins, and how many schedules it may take. The rare ones begin shortly before the seed that
    /// found them when this was written, so that the search is short for as long as it still does.
    static let searches: [(rule: BrokenRule, dataNodes: Int, firstSeed: UInt64, bound: Int)] = BrokenRule.allCases.map {
        switch $0 {
        case .admitEverybody: ($0, 3, 1, 400)
        case .keepUUIDAfterCut: ($0, 3, 80, 3_000)
        case .readProvesNoWrite: ($0, 2, 1, 12_000)
        case .openAloneWithoutClaim: ($0, 2, 1_110, 12_000)
        case .keepOldSessions: ($0, 2, 4_470, 12_000)
        case .abandonStatements: ($0, 2, 1_335, 12_000)
        default: ($0, 2, 1, 400)
        }
    }

    @Test("A rule left out is found out", arguments: searches)
    func finds(rule: BrokenRule, dataNodes: Int, firstSeed: UInt64, bound: Int) throws {
        var options = SimulationRunner.Options()
        options.schedules = bound
        options.firstSeed = firstSeed
        options.violationBound = 1
        options.explains = false
        options.topology = try SimulationTopology(dataNodes: dataNodes)
        let summary = try SimulationRunner(options: options, breaking: rule).run()
        #expect(!summary.failures.isEmpty, "\(rule) went unnoticed through \(bound) schedules")
    }
}

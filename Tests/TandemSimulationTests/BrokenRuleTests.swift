import TandemSimulation
import Testing

@Suite("The simulator can fail")
struct BrokenRuleTests {
    /// Found within so many seeds: several times what was needed when this was written.
    static let bounds: [(rule: BrokenRule, dataNodes: Int, seeds: Int)] = BrokenRule.allCases.map { rule in
        switch rule {
        case .admitEverybody: (rule, 3, 400)
        case .keepUUIDAfterCut: (rule, 3, 3_000)
        case .readProvesNoWrite, .openAloneWithoutClaim, .keepOldSessions, .abandonStatements: (rule, 2, 12_000)
        default: (rule, 2, 400)
        }
    }

    @Test("A rule left out is found out", arguments: bounds)
    func finds(rule: BrokenRule, dataNodes: Int, seeds: Int) throws {
        var options = SimulationRunner.Options()
        options.schedules = seeds
        options.violationBound = 1
        options.explains = false
        options.topology = try SimulationTopology(dataNodes: dataNodes)
        let summary = try SimulationRunner(options: options, breaking: rule).run()
        #expect(!summary.failures.isEmpty, "\(rule) went unnoticed through \(seeds) schedules")
    }
}

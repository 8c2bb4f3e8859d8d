import TandemSimulation
import Testing

@Suite("Every order of what may happen")
struct ExplorationTests {
    @Test("From many moments of a run, no order of the next steps breaks a rule")
    func findsNothing() {
        var bounds = Exploration.Bounds()
        bounds.states = 300
        let result = Exploration(bounds: bounds).run()
        #expect(result.violation == nil, "\(result.path)")
        #expect(result.starts == bounds.starts && result.states > 5_000)
    }

    @Test("A pair recorded before the database is one is found, with the fewest steps to it")
    func findsGrowth() {
        var bounds = Exploration.Bounds()
        bounds.faults = 1
        let result = Exploration(bounds: bounds, breaking: .growStoreFirst).run()
        #expect(result.violation?.rule == .lostWrite)
        #expect(!result.path.isEmpty && result.path.count < 12, "\(result.path)")
    }
}

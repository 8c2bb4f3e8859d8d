import Testing
import TandemSimulation

@Suite struct P {
    @Test func run() throws {
        var options = SimulationRunner.Options()
        options.schedules = 300
        let summary = try SimulationRunner(options: options).run()
        print(summary.schedules, summary.steps, summary.failovers, summary.clones, summary.cuts, summary.salvages, summary.medianOutageMilliseconds as Any, summary.longestOutageMilliseconds, summary.longestRecoveryMilliseconds)
        for failure in summary.failures {
            print(failure.seed, failure.violation)
            for line in failure.lines.suffix(80) { print(line) }
        }
    }
}

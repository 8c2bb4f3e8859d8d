import Foundation
import TandemSimulation
import Testing

@Suite("Faults in simulated stacks")
struct SimulationTests {
    /// Fresh in every run of the tests, so that they look elsewhere each time. It is printed; TANDEM_TEST_SEED fixes
    /// it.
    static let seed =
        ProcessInfo.processInfo.environment["TANDEM_TEST_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 1...999_999_999)

    private func run(_ schedules: Int, dataNodes: Int) async throws -> SimulationSummary {
        var options = SimulationRunner.Options()
        options.schedules = schedules
        options.topology = try SimulationTopology(dataNodes: dataNodes, witnesses: dataNodes == 5 ? 2 : 1)
        options.firstSeed = Self.seed
        options.violationBound = 1
        print("\(schedules) schedules on \(dataNodes) data nodes: TANDEM_TEST_SEED=\(Self.seed)")
        return try await SimulationRunner(options: options).run(workers: 2)
    }

    /// What a reader of a failed test needs: the seed, and the story.
    private func story(_ summary: SimulationSummary) -> Comment {
        guard let failure = summary.failures.first else { return "no violation" }
        let lines = ["TANDEM_TEST_SEED=\(failure.seed): \(failure.violation.text)"] + failure.lines.suffix(60)
        return Comment(rawValue: lines.joined(separator: "\n"))
    }

    @Test(
        "No acknowledged write is lost in 2,000 schedules, whatever happens to a stack of so many data nodes",
        arguments: [(2, 1_200), (3, 600), (5, 200)])
    func losesNothing(dataNodes: Int, schedules: Int) async throws {
        let summary = try await run(schedules, dataNodes: dataNodes)
        #expect(summary.failures.isEmpty, story(summary))
        #expect(summary.schedules == schedules && summary.failovers > schedules, "hardly anybody failed over")
        #expect(
            summary.salvages > 0 && summary.clones > 0 && summary.cuts > 0, "returning servers were not put to the test"
        )
        #expect(summary.forced > 0, "nobody forced a failover")
    }

    @Test(
        "Schedules that broke a rule once do so no more",
        arguments: [
            (seed: 15_247_741, dataNodes: 2), (seed: 200_059_756, dataNodes: 5), (seed: 200_089_608, dataNodes: 5),
            (seed: 200_103_072, dataNodes: 2), (seed: 200_057_939, dataNodes: 3), (seed: 200_037_227, dataNodes: 3),

        ])
    func staysMended(seed: UInt64, dataNodes: Int) throws {
        var options = SimulationRunner.Options()
        options.schedules = 1
        options.topology = try SimulationTopology(dataNodes: dataNodes, witnesses: dataNodes == 5 ? 2 : 1)
        options.firstSeed = seed
        let summary = try SimulationRunner(options: options).run()
        #expect(summary.failures.isEmpty, story(summary))
    }

    @Test("A seed replays a run exactly")
    func replays() throws {
        let options = SimulationRunner.Options()
        let one = SimulationRunner(options: options).story(ofSeed: 7)
        #expect(one == SimulationRunner(options: options).story(ofSeed: 7))
        #expect(one != SimulationRunner(options: options).story(ofSeed: 8))
        #expect(one.count > 100)
    }

    @Test("A run of several seeds reports the same as each of them alone")
    func seedsAreIndependent() throws {
        var options = SimulationRunner.Options()
        options.schedules = 6
        let together = try SimulationRunner(options: options).run()
        options.schedules = 3
        var apart = try SimulationRunner(options: options).run()
        options.firstSeed = 4
        apart.merge(try SimulationRunner(options: options).run())
        #expect(apart == together)
    }

    @Test("Several workers report the same as one")
    func workersAgree() async throws {
        var options = SimulationRunner.Options()
        options.schedules = 450
        options.faults = 4
        let runner = SimulationRunner(options: options)
        let alone = try runner.run()
        var lastDone = 0
        let together = try await runner.run(workers: 2) { lastDone = $0.done }
        #expect(together == alone)
        #expect(lastDone == 450)
    }

    @Test("A failing schedule is shrunk to a few faults and told as a story that ends in the violation")
    func explains() throws {
        var options = SimulationRunner.Options()
        options.violationBound = 1
        let summary = try SimulationRunner(options: options, breaking: .unstickBySourceSide).run()
        let failure = try #require(summary.failures.first)
        #expect(failure.faults.count <= 5, "\(failure.faults)")
        #expect(failure.lines.contains { $0.contains("FAULT") })
        #expect(failure.lines.last?.contains("VIOLATION") == true)
    }

    @Test("Topologies that cannot vote are refused", arguments: [(1, 3), (2, 0), (10, 1)])
    func refusesTopologies(dataNodes: Int, witnesses: Int) {
        #expect(throws: SimulationError.self) { try SimulationTopology(dataNodes: dataNodes, witnesses: witnesses) }
    }
}

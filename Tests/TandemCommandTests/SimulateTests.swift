import Foundation
import TandemAgent
import TandemSimulation
import TandemStack
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("tandem simulate")
struct SimulateTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: String...) throws -> Program.Outcome {
        try Program.run(["simulate"] + arguments, in: folder.path)
    }

    private struct Report: Decodable {
        struct Outage: Decodable {
            var median_milliseconds: Int?
            var worst_milliseconds: Int
        }

        struct Failure: Decodable {
            var seed: UInt64
            var rule: String
            var story: [String]
            var replay: String
        }

        var data_nodes: Int
        var witnesses: Int
        var first_seed: UInt64
        var schedules: Int
        var steps: Int
        var failovers: Int
        var write_outage: Outage
        var violations: [Failure]
        var story: [String]?
    }

    private func report(_ outcome: Program.Outcome) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }

    @Test("counts what it ran, finds nothing, and ends with 0")
    func passes() throws {
        let outcome = try run("--seeds", "40", "--seed", "7", "--format", "json")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.isEmpty, "a progress bar is for terminals: \(outcome.error)")
        let report = try report(outcome)
        #expect(report.data_nodes == 2 && report.witnesses == 1)
        #expect(report.schedules == 40 && report.first_seed == 7)
        #expect(report.steps > 100_000 && report.failovers > 40)
        let median = try #require(report.write_outage.median_milliseconds)
        #expect(median > 0 && median <= report.write_outage.worst_milliseconds)
        #expect(report.violations.isEmpty && report.story == nil)
    }

    @Test("draws a fresh seed, and says which")
    func drawsSeeds() throws {
        let one = try report(try run("--seeds", "1", "--format", "json"))
        let two = try report(try run("--seeds", "1", "--format", "json"))
        #expect(one.first_seed != two.first_seed)
        let again = try report(try run("--seeds", "1", "--seed", "\(one.first_seed)", "--format", "json"))
        #expect(again.steps == one.steps && again.failovers == one.failovers)
    }

    @Test("says in words what the JSON says")
    func summarises() throws {
        let outcome = try run("--seeds", "20", "--seed", "7")
        #expect(outcome.status == 0)
        for words in [
            "stack         2 data hosts, 1 witness\n", "schedules     20, of 200 faults each, from seed 7\n",
            " s median, ", " s worst, in simulated time\n", "violations    no violation\n",
        ] {
            #expect(outcome.output.contains(words), "\(outcome.output)")
        }
    }

    @Test("tells one seed's schedule step by step, always the same")
    func tells() throws {
        let outcome = try run("--seed", "7", "--format", "json")
        let told = try #require(try report(outcome).story)
        #expect(told.count > 500)
        #expect(told.contains { $0.contains("FAULT") } && told.contains { $0.contains("leads, paired with") })
        #expect(try report(try run("--seed", "7", "--format", "json")).story == told)
    }

    @Test("a rule left out is found, told with its fewest faults, and ends with 1, as does the replay that it names")
    func fails() throws {
        let outcome = try run("--seeds", "50", "--seed", "1", "--without", "terminatePolitely", "--format", "json")
        #expect(outcome.status == 1)
        let failure = try #require(try report(outcome).violations.first)
        #expect(failure.rule == "lostWrite")
        #expect(failure.story.last?.contains("VIOLATION") == true)
        #expect(failure.replay == "tandem simulate --seed \(failure.seed) --without terminatePolitely")
        let replay = try run("--seed", "\(failure.seed)", "--without", "terminatePolitely")
        #expect(replay.status == 1)
        #expect(replay.output.contains("violations    1 violation\n"), "\(replay.output.suffix(600))")
    }

    @Test("takes the hosts of a stack file, by their names")
    func takesStacks() throws {
        try folder.put(
            "three.yaml",
            """
            stack: shop
            app:
              run: ./shop serve
            hosts:
              front: {address: 127.31.9.11, roles: [balancer]}
              ada: {address: 127.31.9.21, roles: [web, app, database]}
              bob: {address: 127.31.9.22, roles: [web, app, database]}
              cyd: {address: 127.31.9.23, roles: [database]}

            """)
        let outcome = try run("--seed", "3", "--stack", "three.yaml", "--format", "json")
        #expect(outcome.status == 0, "\(outcome.error)")
        let report = try report(outcome)
        // Three hosts with data are odd in number: no witness is needed.
        #expect(report.data_nodes == 3 && report.witnesses == 0)
        for name in ["ada", "bob", "cyd"] {
            #expect(report.story?.contains { $0.contains("\(name): agent starts") } == true, "\(name)")
        }
    }

    @Test("ends with 3 where the stack file is wrong, or its hosts could not elect anybody")
    func refusesStacks() throws {
        try folder.put("wrong.yaml", "stack: Shop!\n")
        #expect(try run("--stack", "wrong.yaml").status == 3)
        #expect(try run("--stack", "nowhere.yaml").status == 3)
        var stack = Sample.applied().stack
        stack.hosts = [Sample.host(11, "lb1", [.balancer]), Sample.host(21, "server1", Sample.all)]
        let lonely = stack
        #expect(throws: SimulationError.self) { try SimulationTopology(lonely) }
    }

    @Test(
        "ends with 2 when it is used wrongly",
        arguments: [["--seeds", "0"], ["--seeds", "many"], ["--seed", "-1"], ["--without", "manners"]])
    func usage(_ arguments: [String]) throws {
        let outcome = try Program.run(["simulate"] + arguments, in: folder.path)
        #expect(outcome.status == 2 && outcome.output.isEmpty && !outcome.error.isEmpty)
    }

    @Test("the progress line shows a bar, the rate, what is left, and what was found")
    func progresses() {
        let half = SimulationProgress.line(.init(done: 500, schedules: 1_000, violations: 0), elapsed: .seconds(2))
        #expect(half == "██████████░░░░░░░░░░ 500 of 1,000, 250/s, 2 s left, 0 violations")
        let all = SimulationProgress.line(.init(done: 1, schedules: 1, violations: 1), elapsed: .seconds(1))
        #expect(all == "████████████████████ 1 of 1, 1/s, 0 s left, 1 violation")
        let long = SimulationProgress.line(
            .init(done: 100_000, schedules: 1_000_000, violations: 0), elapsed: .seconds(900))
        #expect(long.count <= 80, "it would wrap on a narrow terminal: \(long)")
    }
}

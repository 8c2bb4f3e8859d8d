import ArgumentParser
import Foundation
import TandemOperator
import TandemSimulation

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Tries to break the failover protocol: simulated stacks, seeded faults; nothing real is touched.",
        discussion: """
            Each schedule puts 200 faults on the very code that decides failovers, and looks after every step whether an \
            acknowledged write is lost. What fails is cut down to its shortest schedule and told as a story; the exit \
            status is then 1.

            With --seed alone: that one schedule again, told step by step.
            """)

    @Option(help: ArgumentHelp("How many schedules to run (1000).", valueName: "n"))
    var seeds: Int?
    @Option(help: ArgumentHelp("The first schedule's seed; a fresh one where it is left out.", valueName: "s"))
    var seed: UInt64?
    @Option(
        help: ArgumentHelp("Simulate the hosts of this stack file instead of the smallest stack.", valueName: "file"))
    var stack: String?
    @Option(
        help: ArgumentHelp(
            "Disable one rule of the protocol, to see that the simulator finds the fault: \(Self.rules).",
            valueName: "rule"))
    var without: String?
    @OptionGroup var output: FormatOptions

    private static var rules: String { BrokenRule.allCases.map(\.rawValue).joined(separator: ", ") }
    private static let seedsBound = 1_000_000_000

    func validate() throws {
        guard (1...Self.seedsBound).contains(seeds ?? 1) else {
            throw ValidationError("--seeds wants a number from 1 to \(Self.seedsBound)")
        }
        if let without, BrokenRule(rawValue: without) == nil {
            throw ValidationError("there is no rule '\(without)'; there are: \(Self.rules)")
        }
    }

    func run() async throws {
        let replays = seed != nil && seeds == nil
        var options = SimulationRunner.Options()
        options.schedules = replays ? 1 : seeds ?? 1_000
        // Small enough to be typed again.
        options.firstSeed = seed ?? UInt64.random(in: 1...999_999_999)
        if let stack { options.topology = try SimulationTopology(stackFile: stack) }
        let rule = without.flatMap { BrokenRule(rawValue: $0) }
        let runner = rule.map { SimulationRunner(options: options, breaking: $0) } ?? SimulationRunner(options: options)

        let started = ContinuousClock.now
        let progress = SimulationProgress(isShown: isatty(STDERR_FILENO) == 1 && !replays)
        let summary = try await runner.run(workers: ProcessInfo.processInfo.activeProcessorCount) {
            progress.show($0, elapsed: ContinuousClock.now - started)
        }
        progress.clear()
        let report = SimulationReport(
            summary: summary, story: replays ? runner.story(ofSeed: options.firstSeed) : nil,
            elapsed: ContinuousClock.now - started, replayOptions: replayOptions)
        try output.write(report) { report.text(Style(isColored: Terminal.isOutputColored)) }
        if !summary.failures.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    /// What besides the seed makes the same schedule.
    private var replayOptions: [String] {
        (stack.map { ["--stack", $0] } ?? []) + (without.map { ["--without", $0] } ?? [])
    }
}

import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
import TandemStack

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows, live, what each service does: requests, errors, response times, load, lag.",
        discussion: """
            Requests of haproxy and nginx, sessions of the router, statements of mysql, each per second of the interval. \
            The response time is HAProxy's average over the last 1024 requests, until the answer began. 100 % is one \
            core. Goes on until Ctrl-C; with --format json one line for each interval. Exit status 4 when the stack is \
            not running.
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions
    @Option(help: "Seconds between two samples, 1 to 3600.")
    var interval = 2
    @Option(help: "How many times to show it; without it until Ctrl-C.")
    var count: Int?
    @Flag(help: "Show it once: the same as --count 1.")
    var once = false

    func validate() throws {
        guard (1...3600).contains(interval) else { throw ValidationError("--interval takes 1 to 3600 (seconds).") }
        guard count.map({ (1...1_000_000).contains($0) }) ?? true else {
            throw ValidationError("--count takes 1 to 1000000.")
        }
        guard !once || count == nil else { throw ValidationError("--once and --count exclude each other.") }
    }

    func run() async throws {
        let project = try Project.loadApplied(project)
        let applied = try project.requireApplied()
        guard StackProcesses(project: project, applied: applied).areAny else {
            throw project.notRunning
        }
        let client = try project.agentClient()
        let reader = TopReader(reader: StatusReader(applied: applied, folder: project.folder, client: client))
        let format = output.format
        let count = once ? 1 : self.count
        let interval = Duration.seconds(self.interval)
        // A table that is asked for a number of times is to be kept, not to be watched.
        let screen = format == .json || count != nil ? LiveScreen(isTerminal: false) : LiveScreen()
        try await StopSignals.runUntilToldToStop {
            let last = LastSample(await reader.read())
            try? await Task.sleep(for: interval)
            try await screen.show(every: interval, count: count, separator: format == .json ? "" : "\n") {
                let sample = await reader.read()
                let report = TopReport(from: await last.replace(with: sample), to: sample)
                switch format {
                case .text: return TopPicture(report: report, style: Style(isColored: Terminal.isOutputColored)).text
                case .json: return try JSONText.encode(report, isPretty: false, keys: .convertToSnakeCase)
                }
            }
        }
        await client.shutdown()
    }
}

/// The look before this one.
private actor LastSample {
    private var sample: TopSample

    init(_ sample: TopSample) { self.sample = sample }

    /// - Returns: the one that was there.
    func replace(with next: TopSample) -> TopSample {
        defer { sample = next }
        return sample
    }
}

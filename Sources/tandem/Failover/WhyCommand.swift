import ArgumentParser
import TandemAgent
import TandemOperator
import TandemTopology

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Says whether a failover would work this minute, to which host, and what blocks it.",
        discussion: "Exit status 1 where it would not.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        var isReady = false
        try await FailoverSession.run(file: project.file) { session in
            let statuses = try await session.statuses().map(\.status)
            let report = WhyReport(statuses)
            isReady = report.isReady
            try output.write(report) { report.text }
        }
        if !isReady { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}

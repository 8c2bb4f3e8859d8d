import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
import TandemStack

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Draws the stack as it is: every service, the primary, the replica and its lag.",
        discussion: """
            Exit status 4 when the stack is not running. With --watch it goes on until Ctrl-C, and with --format json \
            prints one line a second.
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions
    @Flag(name: [.short, .long], help: "Draw it anew every second until Ctrl-C.")
    var watch = false

    func run() async throws {
        let project = try Project.loadApplied(project)
        let applied = try project.requireApplied()
        let client = try project.agentClient()
        let reader = StatusReader(applied: applied, folder: project.folder, client: client)
        if watch {
            try await follow(reader, project)
            await client.shutdown()
            return
        }
        let status = await reader.read()
        await client.shutdown()
        try output.write(status) { Self.picture(status) }
        if status.state == .stopped { throw ExitCode(ExitStatus.notRunning.rawValue) }
    }

    private func follow(_ first: StatusReader, _ project: Project) async throws {
        let format = output.format
        try await StopSignals.runUntilToldToStop {
            let screen = format == .json ? LiveScreen(isTerminal: false) : LiveScreen()
            try await screen.show(every: .seconds(1), separator: format == .json ? "" : "\n") {
                // The stack may be applied anew meanwhile, with other hosts.
                var reader = first
                if let applied = project.applied { reader.applied = applied }
                let status = await reader.read()
                switch format {
                case .text: return Self.picture(status)
                case .json: return try JSONText.encode(status, isPretty: false, keys: .convertToSnakeCase)
                }
            }
        }
    }

    private static func picture(_ status: StackStatus) -> String {
        StatusPicture(
            status: status, now: Date(), columns: Terminal.columns ?? 100,
            style: Style(isColored: Terminal.isOutputColored)
        ).text
    }
}

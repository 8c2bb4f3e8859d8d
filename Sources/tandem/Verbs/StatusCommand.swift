import ArgumentParser
import Foundation
import TandemAgent

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Draws the stack as it is: every service, the primary, the replica and its lag.",
        discussion: "Exit status 4 when the stack is not running.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let project = try Project.load(project)
        let applied = try project.requireApplied()
        let client = try project.agentClient()
        let status = await StatusReader(applied: applied, folder: project.folder, client: client).read()
        await client.shutdown()
        try output.write(status) {
            StatusPicture(
                status: status, now: Date(), columns: Terminal.columns ?? 100,
                style: Style(isColored: Terminal.isOutputColored)
            ).text
        }
        if status.state == .stopped { throw ExitCode(ExitStatus.notRunning.rawValue) }
    }
}

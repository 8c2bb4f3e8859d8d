import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
import TandemServices
import TandemStack

struct OpenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Opens the stack's page in a browser, or says its address.",
        discussion: """
            Prints the address. Where there is a desktop it also asks xdg-open to show it. With --dashboard it serves the live \
            page of the stack itself until Ctrl-C, to this machine alone, and its address is a link that opens it once. \
            Exit status 4 when the stack is not running.
            """)

    @OptionGroup var project: ProjectOptions
    @Flag(help: "The live page: the stack, what is wrong, and the last hour.")
    var dashboard = false
    @Option(help: "With --dashboard: the port on 127.0.0.1. Without it one that is free.")
    var port: Int?

    func validate() throws {
        guard port == nil || dashboard else { throw ValidationError("--port is for --dashboard.") }
        guard port.map({ (1...65535).contains($0) }) ?? true else { throw ValidationError("--port takes 1 to 65535.") }
    }

    func run() async throws {
        let project = try Project.loadApplied(project)
        let applied = try project.requireApplied()
        guard StackProcesses(project: project, applied: applied).areAny else {
            throw project.notRunning
        }
        guard !dashboard else { return try await LivePage.run(project, port: port ?? 0) }
        print(applied.url)
        Desktop.show(applied.url)
    }
}

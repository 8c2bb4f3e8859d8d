import ArgumentParser
import Foundation
import TandemAgent
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

/// The desktop that this command line was called from, if any.
struct Desktop {
    var environment: [String: String]
    var isRoot: Bool

    /// The program that shows an address in the user's browser; nil where there is no desktop. A browser is no program
    /// to run as root.
    var opener: String? {
        let hasDisplay = ["DISPLAY", "WAYLAND_DISPLAY"].contains { environment[$0]?.isEmpty == false }
        guard hasDisplay, !isRoot else { return nil }
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/xdg-open" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// In the user's browser, where there is a desktop.
    static func show(_ url: String) {
        let desktop = Desktop(environment: ProcessInfo.processInfo.environment, isRoot: geteuid() == 0)
        guard let opener = desktop.opener else { return }
        do {
            try desktop.open(url, with: opener)
        } catch {
            // The address was said; that is all that was promised.
            Terminal.line("no browser was opened: \(error)")
        }
    }

    /// Does not wait: a browser may be that process itself, and stays.
    func open(_ url: String, with opener: String) throws {
        let log = "\(NSTemporaryDirectory())/tandem-open-\(UUID().uuidString)"
        defer { unlink(log) }
        _ = try RunningProcess.start(
            ProcessSpecification(
                command: [opener, url], environment: environment, workingDirectory: "/", logFile: log))
    }
}

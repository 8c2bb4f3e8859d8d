import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
import TandemStack

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Shows the logs of all hosts as one, in order of time.")

    @OptionGroup var project: ProjectOptions
    @Argument(
        help:
            "Only this service (\(LogReader.serviceNames.joined(separator: ", ")), a worker or a job) or only this host.",
        completion: StackCompletion.servicesAndHosts)
    var only: String?
    @Flag(name: [.short, .long], help: "Go on with new lines until Ctrl-C.")
    var follow = false
    @Option(name: [.customShort("n"), .long], help: "How many lines to show from the end.")
    var lines = 200
    /// On that host's own machine, which has the logs of no other.
    @Option(help: .hidden) var on: String?
    /// Each line begins with its time, in seconds since 1970, and a tab.
    @Flag(help: .hidden) var times = false
    /// With --follow: only what is written from a line on that says so.
    @Flag(help: .hidden) var announces = false

    func validate() throws {
        guard (0...1_000_000).contains(lines) else { throw ValidationError("--lines takes 0 to 1000000.") }
    }

    func run() async throws {
        let project = try Project.loadApplied(project)
        let applied = try project.requireApplied()
        if let only { try check(only, applied) }
        var reader = LogReader(applied: applied, folder: project.folder, only: only)
        reader.hasTimes = times
        if let on { reader.hosts = [on] }
        guard follow else {
            reader.show(lines: lines)
            return
        }
        if announces {
            let following = reader.following()
            Terminal.write("\(FleetLogs.beginning)\n", to: .standardOutput)
            return try await StopSignals.runUntilToldToStop { await following() }
        }
        let (lines, followed) = (lines, reader)
        try await StopSignals.runUntilToldToStop { await followed.follow(linesBefore: lines) }
    }

    private func check(_ name: String, _ applied: AppliedStack) throws {
        let hosts = applied.stack.hosts.map(\.name)
        let services = LogReader.names(applied.stack)
        guard !hosts.contains(name), !services.contains(name) else { return }
        throw Failure(
            .usage,
            "there is no service or host named '\(name)'; there are: "
                + (services + hosts).joined(separator: ", "))
    }
}

import ArgumentParser
import TandemAgent
import TandemStack

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Shows the logs of all hosts as one, in order of time.")

    @OptionGroup var project: ProjectOptions
    @Argument(
        help: "Only this service (haproxy, nginx, app, router, mysql, etcd, prepare, agent) or only this host.",
        completion: StackCompletion.servicesAndHosts)
    var only: String?
    @Flag(name: [.short, .long], help: "Go on with new lines until Ctrl-C.")
    var follow = false
    @Option(name: [.customShort("n"), .long], help: "How many lines to show from the end.")
    var lines = 200

    func validate() throws {
        guard (0...1_000_000).contains(lines) else { throw ValidationError("--lines takes 0 to 1000000.") }
    }

    func run() async throws {
        let project = try Project.loadApplied(project)
        let applied = try project.requireApplied()
        if let only { try check(only, applied) }
        let reader = LogReader(applied: applied, folder: project.folder, only: only)
        guard follow else {
            reader.show(lines: lines)
            return
        }
        let lines = lines
        try await StopSignals.runUntilToldToStop { await reader.follow(linesBefore: lines) }
    }

    private func check(_ name: String, _ applied: AppliedStack) throws {
        let hosts = applied.stack.hosts.map(\.name)
        let services = LogReader.serviceNames + LogReader.instanceNames(applied.stack)
        guard !hosts.contains(name), !services.contains(name) else { return }
        throw Failure(
            .usage,
            "there is no service or host named '\(name)'; there are: "
                + (services + hosts).joined(separator: ", "))
    }
}

import ArgumentParser
import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Restarts services of a stack that runs, one after the other.",
        discussion: """
            `restart app` restarts the app on every host, `restart server1` everything on a host, `restart server1/nginx` one \
            service. Each serves again before the next one ends, so that users notice nothing; writes pause while \
            the primary's mysql restarts.
            """)

    @OptionGroup var project: ProjectOptions
    @Argument(help: "SERVICE, HOST or HOST/SERVICE.")
    var targets: [String]

    func run() async throws {
        let project = try Project.load(project)
        guard let applied = project.running else {
            throw project.notRunning
        }
        let client = try project.agentClient()
        do {
            try await run(project, applied, client)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    private func run(_ project: Project, _ applied: AppliedStack, _ client: AgentClient) async throws {
        let reader = PlacementReader(stack: applied.stack, folder: project.folder, client: client)
        let primary = await reader.placement()?.primary
        let chosen = try RestartTargets(applied: applied, folder: project.folder, primary: primary).resolve(targets)
        let lock = try await ChangeLock(project: project).take()
        defer { withExtendedLifetime(lock) {} }
        let steps = StepPrinter()
        steps.headline("Restarting in \(applied.stack.name)")
        let rolling = RollingRestart(applied: applied, folder: project.folder, client: client, steps: steps)
        if chosen.contains(where: { $0.service.name == .app }) { try await rolling.prepareApp() }
        for target in chosen { try await rolling.restart(target.service, on: target.host) }
    }
}

/// Which services a user means, in the order in which they are restarted.
struct RestartTargets {
    struct Target: Equatable {
        var host: Host
        var service: ServiceBlueprint

        static func == (left: Target, right: Target) -> Bool {
            left.host == right.host && left.service.statusName == right.service.statusName
        }
    }

    /// Everything that runs, host by host: replicas before the primary, balancers last.
    private let all: [Target]

    /// - Parameter primary: who leads.
    init(applied: AppliedStack, folder: StackFolder, primary: String?) throws {
        func rank(_ host: Host) -> Int { host.name == primary ? 1 : host.roles.areOfBalancerOnly ? 2 : 0 }
        let hosts = applied.stack.hosts.enumerated().sorted {
            (rank($0.element), $0.offset) < (rank($1.element), $1.offset)
        }.map(\.element)
        all = try hosts.flatMap { host in
            try AppliedHost.load(host: host.name, folder: folder).blueprint(host: host.name, folder: folder)
                .services.map { Target(host: host, service: $0) }
        }
    }

    /// - Throws: `Failure` with status 2 for a name that nothing has.
    func resolve(_ names: [String]) throws -> [Target] {
        var chosen: [Target] = []
        for name in names {
            let found = all.filter { matches($0, name) }
            guard !found.isEmpty else { throw unknown(name) }
            chosen += found.filter { !chosen.contains($0) }
        }
        return all.filter(chosen.contains)
    }

    private func matches(_ target: Target, _ name: String) -> Bool {
        let service = target.service
        func isService(_ word: some StringProtocol) -> Bool {
            service.statusName == word || service.name.rawValue == word
        }
        let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { return target.host.name == parts[0] && isService(parts[1]) }
        return target.host.name == name || isService(name)
    }

    private func unknown(_ name: String) -> Failure {
        var names: [String] = []
        for word in all.map(\.service.statusName) + all.map(\.host.name) where !names.contains(word) {
            names.append(word)
        }
        let pairs = all.map { "\($0.host.name)/\($0.service.statusName)" }
        let near = NearestWord.find(name, among: name.contains("/") ? pairs : names)
        return Failure(
            .usage,
            "there is no service or host named '\(Terminal.printable(name))'"
                + (near.map { "; did you mean '\($0)'?" } ?? "") + "\nThere are: \(names.joined(separator: ", "))")
    }
}

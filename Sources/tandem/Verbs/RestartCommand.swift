import ArgumentParser
import TandemAgent
import TandemBlueprint
import TandemOperator
import TandemStack
import TandemTopology

struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Restarts services of a stack that runs, one after the other.",
        discussion: """
            `restart app` restarts the app on every host, `restart server1` everything on a host, `restart server1/nginx` one \
            service. Each serves again before the next one ends, so that users notice nothing; writes pause while \
            the primary's mysql restarts. Before the app or a worker, what `app: build` says is run.
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
        // On hosts of their own there is no folder to build in: `up` brings them what was built.
        if chosen.contains(where: { [.app, .worker].contains($0.service.name) }), applied.stack.isOnThisMachine {
            try await AppBuild(app: project.stack.app, steps: steps).run()
        }
        if chosen.contains(where: { $0.service.name == .app }) { try await rolling.prepareApp() }
        for target in chosen { try await rolling.restart(target.service, on: target.host) }
    }
}

import ArgumentParser
import TandemAgent
import TandemOperator
import TandemServices
import TandemStack

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Starts the stack, or applies the stack file's changes to the running stack.",
        discussion: """
            A change is made host by host; each host serves again before the next one is changed. If a service is not \
            healthy after the change, the previous settings are restored. `tandem plan` shows the changes beforehand. \
            A new build of the app is no change of the stack file: `tandem restart app` starts it. On hosts of their own \
            `up` brings it.

            In the foreground it shows the services' logs until Ctrl-C, which stops everything in order. With --detach \
            it returns when everything serves, and the stack stays up until `tandem down`. On hosts of their own `up` \
            always returns when everything serves.
            """)

    @OptionGroup var project: ProjectOptions
    @Flag(name: [.short, .long], help: "Return when everything serves; the stack stays up.")
    var detach = false
    @Flag(name: .customLong("no-build"), help: "Do not run app: build; what it made before is used.")
    var leavesOutBuild = false
    @Option(
        help: ArgumentHelp(
            "Go on from this host's data, of an earlier version or put there by hand; see docs/operations.md.",
            valueName: "host"))
    var adopt: String?

    func run() async throws {
        // Before anything starts, so that a Ctrl-C from now on leads to an orderly stop.
        let signals = StopSignals()
        let project = try Project.load(project)
        let start = StackStart(project: project, adopted: adopt, leavesOutBuild: leavesOutBuild)
        let outcome = try await project.placingProblems {
            try project.checkPublicFolders()
            return try await interruptible(signals) { try await start.run() }
        }
        guard let outcome else {
            // What others started, before or while this one waited for them, goes on.
            guard let keeper = start.launched.process else {
                let rest = project.running == nil ? "nothing was started" : "\(project.stack.name) goes on running"
                throw Failure(.failed, "interrupted; \(rest)")
            }
            try await stop(project, keeper)
            throw Failure(.failed, "interrupted; everything that was started is stopped again")
        }
        switch outcome {
        case .started(let applied):
            Terminal.line(
                "\n\(applied.stack.name) is up: \(Style(isColored: Terminal.isErrorColored).bold(applied.url))\n")
            if applied.stack.isShownToNetwork {
                Terminal.line(
                    "It is shown to the network: whoever reaches port \(applied.stack.balancer.httpsPort.number) of this machine "
                        + "(\(applied.frontAddress)) sees it.\n")
            }
            if detach { return }
            await follow(project, applied, signals)
            try await stop(project, nil)
        case .changed(let applied):
            Terminal.line("\n\(applied.stack.name) has taken up the change: \(applied.url)")
            if detach { return }
            Terminal.line("These are its logs; Ctrl-C leaves it running (`tandem down` stops it).")
            await follow(project, applied, signals)
        case .wasRunning(let applied):
            Terminal.line(
                "\(applied.stack.name) is up already: \(applied.url) (a new version of the app: tandem restart app)")
            if detach { return }
            Terminal.line("These are its logs; Ctrl-C leaves it running (`tandem down` stops it).")
            await follow(project, applied, signals)
        }
    }

    private func follow(_ project: Project, _ applied: AppliedStack, _ signals: StopSignals) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let logs = LogReader(applied: applied, folder: project.folder, only: nil)
                await logs.follow(linesBefore: 0)
            }
            group.addTask { await signals.wait() }
            group.addTask { await Self.waitForKeeper(project) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when the stack was stopped by somebody else, or when its keeper died and no agent brought it back.
    private static func waitForKeeper(_ project: Project) async {
        var lastSeen = ContinuousClock.now
        while !Task.isCancelled, let keeper = KeeperState.load(project.folder), keeper.phase != .failed,
            ContinuousClock.now - lastSeen < revivalBound
        {
            if keeper.isAlive { lastSeen = .now }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    private static let revivalBound = Duration.seconds(15)

    private func stop(_ project: Project, _ newKeeper: RunningProcess?) async throws {
        guard let applied = project.applied else { return }
        let steps = StepPrinter()
        steps.headline("\nStopping \(applied.stack.name)")
        await StackStop(project: project, applied: applied, steps: steps, newKeeper: newKeeper).run()
    }

    /// - Returns: nil when a signal came first.
    private func interruptible<R: Sendable>(
        _ signals: StopSignals, _ body: @escaping @Sendable () async throws -> R
    ) async throws -> R? {
        try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await signals.wait()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

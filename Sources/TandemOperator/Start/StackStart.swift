import Foundation
import TandemAgent
import TandemBlueprint
import TandemKeeper
import TandemServices
import TandemStack
import TandemTopology

/// Brings a stack up on this machine: prepares, starts the keeper, waits until everything serves.
package struct StackStart: Sendable {
    package let project: Project
    /// The host from whose data the stack is to go on, whatever was before.
    var adopted: String?
    /// What this command line has started, for whoever interrupts it.
    package let launched = LaunchedKeeper()
    let steps = StepPrinter()

    /// Whether `app: build` is left out.
    var leavesOutBuild: Bool

    package init(project: Project, adopted: String? = nil, leavesOutBuild: Bool = false) {
        self.project = project
        self.adopted = adopted
        self.leavesOutBuild = leavesOutBuild
    }

    private var build: AppBuild { AppBuild(app: project.stack.app, steps: steps, isLeftOut: leavesOutBuild) }

    package enum Outcome: Sendable {
        case started(AppliedStack)
        /// It ran already, and has taken up what the stack file says now.
        case changed(AppliedStack)
        case wasRunning(AppliedStack)
    }

    package func run() async throws -> Outcome {
        try ProjectReach.check(project)
        let engines = EngineSetup(project.stack)
        let folder = project.folder
        let bare = StackPreparation(
            stack: project.stack, stackFile: project.stackFile, folder: folder,
            programs: .init(
                haproxy: "", nginx: "", mimeTypes: "", mysqld: "", mysql: "", mysqlBase: "", mysqlPlugins: ""),
            versions: [:])
        try bare.checkOrigin()
        // Root has made an empty one for the stack's account.
        let isNew = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.isEmpty ?? true
        do {
            return try await run(bare, engines)
        } catch {
            if isNew { removeTraces() }
            throw error
        }
    }

    /// Of a stack that nothing was ever started of.
    private func removeTraces() {
        let folder = project.folder
        guard !FileManager.default.fileExists(atPath: folder.appliedFile) else { return }
        try? FileManager.default.removeItem(atPath: folder.path)
        try? FileManager.default.removeItem(atPath: folder.socketRoot)
        // Of an ordinary user, where it is empty.
        if (folder.path as NSString).deletingLastPathComponent.hasSuffix("/.tandem") {
            rmdir((folder.path as NSString).deletingLastPathComponent)
        }
    }

    private func run(_ bare: StackPreparation, _ engines: EngineSetup) async throws -> Outcome {
        try bare.makeFolders()
        let lock = try await ChangeLock(project: project).take()
        defer { withExtendedLifetime(lock) {} }
        let left = try await KeeperRevival(project: project, steps: steps).run()
        if let running = try runningStack() {
            guard adopted == nil else {
                throw Failure(
                    .failed,
                    "'\(project.stack.name)' is running; `--adopt` works only when the stack starts.\nStop it first: tandem down"
                )
            }
            return try await change(running, bare, left)
        }

        steps.headline("Starting \(project.stack.name)")
        try await build.run()
        let start = ContinuousClock.now
        let printer = steps
        let set = try await engines.install { printer.note("\($0)") }
        steps.done("engines", set.summary, seconds: (ContinuousClock.now - start) / .seconds(1))

        var preparation = bare
        preparation.programs = set.layoutPrograms
        preparation.versions = set.versionsByName
        return .started(try await launchSomewhere(preparation))
    }

    /// How often other ports are chosen for the front.
    private static let launchLimit = 5

    /// Between the choice of the front's ports and listening on them another stack may take one; then others are
    /// chosen.
    private func launchSomewhere(_ preparation: StackPreparation) async throws -> AppliedStack {
        var attempts = 1
        while true {
            let applied = try await prepare(preparation)
            do {
                try await launch(applied)
                return applied
            } catch  where attempts < Self.launchLimit && !Task.isCancelled && hasLostFront(applied) {
                steps.note("another program has just taken the front's port; choosing another one")
                attempts += 1
            }
        }
    }

    /// Asked when nothing of this stack runs any more: whether somebody else listens where its front was to be.
    private func hasLostFront(_ applied: AppliedStack) -> Bool {
        [applied.stack.balancer.httpsPort, applied.stack.balancer.httpPort].contains { port in
            !port.isFixed && ListenerCheck.problem(address: applied.frontAddress, port: port.number) != nil
        }
    }

    /// The stack that runs already.
    private func runningStack() throws -> AppliedStack? {
        guard let keeper = KeeperState.load(project.folder), keeper.isAlive, let applied = project.applied else {
            return nil
        }
        guard keeper.phase == .running else {
            throw Failure(.failed, "the stack '\(project.stack.name)' is just stopping; try again when it has stopped")
        }
        return applied
    }

    /// Takes up what the stack file says now, if anything.
    ///
    /// - Parameter left: what did not come up when the stack was taken over; a change may mend it.
    private func change(_ running: AppliedStack, _ bare: StackPreparation, _ left: Failure?) async throws -> Outcome {
        // Its agents would have to lead a server of which they know nothing.
        try bare.checkPrimary()
        let printer = steps
        let set = try await EngineSetup(project.stack)
            .install { printer.note("\($0)") }
        var preparation = bare
        preparation.programs = set.layoutPrograms
        preparation.versions = set.versionsByName
        let client = try project.agentClient()
        do {
            let reader = StatusReader(applied: running, folder: project.folder, client: client)
            let broken = await reader.read().hosts.filter { host in
                host.services.contains { !$0.state.isHealthy } || host.agent.state == .down
            }
            let pending = try await PendingChange(
                project: project, preparation: preparation, running: running, broken: Set(broken.map(\.name)))
            try pending.throwRefusals()
            if pending.isNothing, let left {
                let rest = "All else goes on. To start it anew as a whole: tandem down, tandem up"
                throw Failure(left.status, "\(left.message)\n\n\(rest)")
            }
            if !pending.isNothing {
                steps.headline("Changing \(running.stack.name)")
                if pending.change.startsApp { try await build.run() }
                try await RollOut(pending: pending, client: client, steps: steps).run()
            }
            await client.shutdown()
            return pending.isNothing ? .wasRunning(running) : .changed(pending.target)
        } catch {
            await client.shutdown()
            throw error
        }
    }

    private func prepare(_ preparation: StackPreparation) async throws -> AppliedStack {
        let folder = project.folder
        // What a keeper that was killed has left: nothing of it may hold a port or the data.
        if let last = project.applied { Leftovers(applied: last, folder: folder).end() }
        if let adopted {
            try preparation.adopt(dataOf: adopted)
            steps.note("the stack goes on from the data of \(adopted)")
        } else {
            try preparation.checkPrimary()
        }
        try await preparation.writeSecrets(environment: ProcessInfo.processInfo.environment)
        let planned = preparation.applied
        let applied = try PortPlan(applied: planned, folder: folder).resolved()
        for (wanted, given) in [
            (planned.stack.balancer.httpsPort, applied.stack.balancer.httpsPort),
            (planned.stack.balancer.httpPort, applied.stack.balancer.httpPort),
        ] where wanted != given {
            steps.note("port \(wanted.number) is taken: the front is on \(given.number) instead, and stays there")
        }
        if let last = project.applied, try StoreContinuity(last: last.stack, next: applied.stack).setAside(in: folder) {
            steps.note("too few of etcd's members are left on their addresses to go on: etcd begins anew, empty")
        }
        try preparation.write(applied)
        folder.forgetPrepared()
        let made = try preparation.writeCertificates()
        if made.certificates > 0 {
            steps.done("tls", "\(made.certificates) certificates made, signed by the stack's own CA")
        }
        steps.note(made)
        return applied
    }

    private func launch(_ applied: AppliedStack) async throws {
        let folder = project.folder
        unlink(folder.keeperFile)
        let keeper = try KeeperStart(folder: folder, program: OwnProgram.path).run()
        launched.set(keeper)
        do {
            try await StartProgress(applied: applied, project: project, keeper: keeper, steps: steps).wait()
        } catch {
            // Interrupted: whoever interrupted us stops what was started.
            try Task.checkCancellation()
            steps.note("stopping what was started")
            await StackStop(project: project, applied: applied, steps: nil, newKeeper: keeper).run()
            launched.set(nil)
            throw error
        }
    }
}

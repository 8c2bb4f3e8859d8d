import Foundation
import Glibc
import TandemAgent
import TandemBlueprint
import TandemKeeper
import TandemStack
import TandemTopology

/// Changes a stack from one of its hosts: in two steps, since hosts that are new have to be reached over SSH in
/// between.
package struct HostRoll: Sendable {
    let request: HostRequest
    let steps = StepPrinter()

    package init(request: HostRequest) { self.request = request }

    /// The stack file as it was sent, beside the settings that follow from it.
    package static func stackFile(_ folder: StackFolder) -> String { "\(folder.path)/\(Project.fileName)" }

    private func project() throws -> Project {
        let name = StackFile(text: request.stackFile, name: Project.fileName, folder: "/").declaredName ?? ""
        let places = HostPlaces(stack: name)
        let folder = StackFolder(path: places.operatorFolder, environment: [:])
        // Whatever the stack file names beside itself lies in the release.
        let file = StackFile(
            text: request.stackFile, name: Project.fileName,
            folder: request.release.map(places.release) ?? places.stateFolder)
        let stack: Stack
        do {
            stack = try file.load()
        } catch {
            Terminal.line(error.description)
            throw Failure(
                .stackFile,
                "the hosts have another version of tandem, which cannot read this stack file; `tandem up` installs your version there"
            )
        }
        var project = Project(stackFile: Self.stackFile(folder), stack: stack, folder: folder)
        project.givenText = request.stackFile
        return project
    }

    private func preparation(_ project: Project) async throws -> StackPreparation {
        guard let set = try await EngineSetup(project.stack).installed() else {
            throw Failure(.failed, "this host lacks servers' programs that were just fetched; try again")
        }
        var preparation = StackPreparation(
            stack: project.stack, stackFile: project.stackFile, folder: project.folder,
            programs: set.layoutPrograms, versions: set.versionsByName)
        preparation.givenSecrets = request.secrets
        return preparation
    }

    /// What would change. Nothing is changed.
    package func pending() async throws -> PendingChange {
        let project = try project()
        return try await pending(project, preparation(project))
    }

    private func pending(_ project: Project, _ preparation: StackPreparation) async throws -> PendingChange {
        let running = project.running
        var broken: Set<String> = []
        if let running {
            let client = try project.agentClient()
            let status = await StatusReader(applied: running, folder: project.folder, client: client).read()
            await client.shutdown()
            broken = Set(
                status.hosts.filter { host in
                    host.services.contains { !$0.state.isHealthy } || host.agent.state == .down
                }.map(\.name))
        }
        let renewed = Set(FleetState.load(project.folder)?.renewed ?? [])
        return try await PendingChange(
            project: project, preparation: preparation, running: running, broken: broken, renewed: renewed)
    }

    // MARK: - First step

    /// Decides what is to be, and makes what hosts need whose agents do not run.
    package func prepare() async throws -> HostPreparation {
        let project = try project()
        let folder = project.folder
        try RootFile.makeFolder(HostPlaces.operatorParent, mode: 0o700)
        try RootFile.makeFolder(folder.path, mode: 0o700)
        let lock = try await ChangeLock(project: project).take()
        defer { withExtendedLifetime(lock) {} }
        let preparation = try await preparation(project)
        try preparation.makeFolders()
        // Made once; whatever is worked out from here on is worked out with these.
        if project.running == nil { try await preparation.writeSecrets(environment: [:]) }
        let pending = try await pending(project, preparation)
        try pending.throwRefusals()
        var state = FleetState.load(folder) ?? FleetState()
        if pending.running == nil {
            try preparation.write(pending.target)
            try RootFile.write(request.stackFile, to: project.stackFile, mode: 0o600)
        } else {
            // Noted before they are made: nothing else would tell afterwards that hosts have older ones.
            state.renewed = pending.outdated.sorted()
            try state.save(folder)
        }
        let made = try preparation.writeCertificates()
        let hosts = pending.target.stack.hosts.filter { host in !request.running.contains(host.name) }
        let packages = try hosts.map { host in
            // One that was installed anew gets what it had; the change comes to it as to all others.
            let settings = pending.given[host.name] ?? pending.next(for: host.name)
            try settings.save(host: host.name, folder: folder)
            return HostPackage(
                settings: settings, host: host.name, certificates: try folder.certificates(of: host.name),
                stackFile: request.stackFile)
        }
        try state.save(folder)
        let leaving = pending.running?.stack.hosts.filter { host in
            !pending.target.stack.hosts.contains { $0.name == host.name }
        }
        return HostPreparation(
            packages: packages, leaving: leaving ?? [], isRunning: pending.running != nil,
            isNothing: pending.isNothing && packages.isEmpty, made: made, before: pending.running?.stack.hosts)
    }

    // MARK: - Second step

    /// Waits until all serve, or takes the change up host by host. The hosts that are new have their agents by now.
    package func run() async throws {
        let project = try project()
        let folder = project.folder
        let lock = try await ChangeLock(project: project).take()
        defer { withExtendedLifetime(lock) {} }
        var state = FleetState.load(folder) ?? FleetState()
        if state.isRunning {
            try await change(project)
        } else {
            guard let applied = project.applied else { throw project.notRunning }
            state.isRunning = true
            try state.save(folder)
            do {
                try await StartProgress(applied: applied, project: project, keeper: nil, steps: steps).wait()
            } catch {
                steps.note("stopping what was started")
                state.isRunning = false
                try? state.save(folder)
                await HostStop.stopServices(applied, folder, StepPrinter(isSilent: true))
                throw error
            }
        }
        // What did not come up is not what a later command goes by.
        try RootFile.write(request.stackFile, to: project.stackFile, mode: 0o600)
        state = FleetState.load(folder) ?? state
        state.renewed = nil
        if let release = request.release, state.releases.first?.identifier != release {
            state.take(release, at: Date())
        }
        try state.save(folder)
    }

    private func change(_ project: Project) async throws {
        let pending = try await pending(project, preparation(project))
        try pending.throwRefusals()
        guard !pending.isNothing else { return }
        let client = try project.agentClient()
        do {
            try await RollOut(pending: pending, client: client, steps: steps).run()
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }
}

/// Stops a stack from one of its hosts, in order. Each host's systemd lets its agent go afterwards.
package struct HostStop {
    package let project: Project

    package init(project: Project) { self.project = project }

    package func run() async throws {
        let lock = try await ChangeLock(project: project).take()
        defer { withExtendedLifetime(lock) {} }
        guard let applied = project.applied else { throw project.notRunning }
        var state = FleetState.load(project.folder) ?? FleetState()
        state.isRunning = false
        try state.save(project.folder)
        await Self.stopServices(applied, project.folder, StepPrinter())
    }

    static func stopServices(_ applied: AppliedStack, _ folder: StackFolder, _ steps: StepPrinter) async {
        let plan = StopPlan(applied: applied, folder: folder, logger: ProcessLog.logger(label: "operator"))
        await plan.run { text, seconds in
            let words = text.split(separator: " ", maxSplits: 1).map(String.init)
            steps.done(words.first ?? "", words.dropFirst().first ?? "", seconds: seconds)
        }
    }
}

import Foundation
import TandemAgent
import TandemBlueprint
import TandemFleet
import TandemStack

/// Makes bare hosts into the stack, or takes a change of the stack file up on hosts that are.
package struct FleetUp: Sendable {
    package let hosts: FleetHosts
    package let version: AppVersion
    let steps = StepPrinter()

    /// Whether `app: build` is left out.
    let leavesOutBuild: Bool

    package init(hosts: FleetHosts, version: AppVersion, leavesOutBuild: Bool = false) {
        self.hosts = hosts
        self.version = version
        self.leavesOutBuild = leavesOutBuild
    }

    /// Which version of the app is to run.
    package enum AppVersion: Sendable, Equatable {
        /// The files that are in its folder now.
        case ofFolder
        /// One that the hosts keep, by its beginning; nil: the one before the one that runs. The stack file is the one
        /// that was last applied.
        case earlier(String?)
    }

    var stack: Stack { hosts.stack }
    var places: HostPlaces { hosts.places }

    package func run() async throws {
        try hosts.project.checkPublicFolders()
        let secrets = try await FleetSecrets.read(hosts.project)
        let bundle = try version == .ofFolder ? ReleaseBundle(project: hosts.project) : nil
        for note in bundle?.notes ?? [] { steps.note(note) }
        let program = try ProgramBundle()
        let standing = try await hosts.onEach("look at the hosts of \(stack.name)") { session in
            guard session.canBeRoot else { throw Failure(.failed, session.rootRefusal) }
            return (session: session, state: try await HostStanding.ask(session, places))
        }
        let bare = stack.hosts.filter { standing[$0.name]?.state.isRunning == false }
        try await checkBare(bare)
        try await FleetLock.holding(hosts, standing.mapValues(\.session)) { _ in
            steps.headline(
                bare.count == stack.hosts.count ? "Starting \(stack.name)" : "Looking at \(stack.name)")
            try await install(program, standing.mapValues(\.state))
            try await giveAccounts()
            if let bundle { try await installRelease(bundle, standing.mapValues(\.state)) }
            let leader = try await chooseLeader(standing.mapValues(\.state))
            try await roll(
                leader,
                HostRequest(
                    stackFile: try await text(leader), release: try await release(bundle, leader), secrets: secrets,
                    running: standing.filter { $0.value.state.isRunning }.map(\.key).sorted()))
        }
    }

    /// As `run`, and says what Ctrl-C leaves behind.
    package func runUntilInterrupted() async throws {
        // It ends what it has started when it is interrupted, and nothing was changed by then.
        if version == .ofFolder {
            try await AppBuild(app: stack.app, steps: steps, isLeftOut: leavesOutBuild).run()
        }
        let signals = StopSignals()
        let reporter = Task { [stack] in
            await signals.wait()
            guard !Task.isCancelled else { return }
            // Locks and connections end with this process.
            Terminal.error(
                "interrupted; each host of '\(stack.name)' has its old settings or the new ones, whole. To go on: tandem up"
            )
            exit(ExitStatus.failed.rawValue)
        }
        defer { reporter.cancel() }
        try await run()
    }

    private func release(_ bundle: ReleaseBundle?, _ leader: HostSession) async throws -> String {
        if let bundle { return bundle.identifier }
        guard case .earlier(let name) = version else { return "" }
        return try FleetReleases.chosen(name, of: try await FleetReleases(hosts: hosts).state(leader))
    }

    /// The stack file.
    private func text(_ leader: HostSession) async throws -> String {
        guard version == .ofFolder else {
            return try await leader.script("cat \"$1\"", ["\(places.operatorFolder)/\(Project.fileName)"])
        }
        return try hosts.project.stackFileText()
    }

    // MARK: - Before anything changes

    /// What would keep a host from becoming one of the stack is said at once, of all hosts.
    private func checkBare(_ bare: [Host]) async throws {
        guard !bare.isEmpty else { return }
        let start = ContinuousClock.now
        let findings = try await FleetDiagnosis.findings(stack, only: Set(bare.map(\.name)))
        let errors = findings.filter { $0.verdict == .error }
        guard errors.isEmpty else {
            Terminal.line(Diagnosis(errors).text(Style(isColored: Terminal.isErrorColored)))
            throw Failure(.failed, "\(stack.name) was not started: nothing was changed on any host")
        }
        let names = bare.map(\.name).joined(separator: ", ")
        steps.done("hosts", "\(names): fit", seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    // MARK: - What lies on a host

    private func install(_ program: ProgramBundle, _ standing: [String: HostStanding]) async throws {
        let start = ContinuousClock.now
        let lacking = stack.hosts.filter { standing[$0.name]?.program != program.identifier }
        if !lacking.isEmpty {
            let archive = try program.archive()
            try await hosts.onEach("install tandem", only: lacking) { session in
                try await session.script(
                    "mkdir -p \(HostPlaces.programFolder)", seconds: 20)
                try await session.script(
                    ProgramBundle.installation, [program.identifier], input: archive, seconds: 300)
            }
            steps.done(
                "tandem", "\(Version.number) on \(lacking.map(\.name).joined(separator: ", "))",
                seconds: (ContinuousClock.now - start) / .seconds(1))
            // The services go on while their agent begins anew.
            for host in lacking where standing[host.name]?.isRunning == true { try await beginAnew([host.name]) }
        }
        try await installEngines()
    }

    private func installRelease(_ release: ReleaseBundle, _ standing: [String: HostStanding]) async throws {
        let start = ContinuousClock.now
        let lacking = stack.hosts.filter { host in
            (host.has(.app) || host.has(.web)) && standing[host.name]?.releases.contains(release.identifier) != true
        }
        guard !lacking.isEmpty else { return }
        let account = StackAccount(stack: stack.name).name
        let (places, stack) = (places, stack.name)
        try await hosts.onEach("bring the app's files", only: lacking) { session in
            let isApp = session.host.has(.app)
            if !isApp { _ = try await session.step(["account", stack], stack: stack) }
            try await session.script(
                "exec setpriv --reuid=\"$1\" --regid=\"$2\" --clear-groups --no-new-privs /bin/sh -c \"$3\" sh \"$4\" \"$5\"",
                [
                    account, isApp ? places.appAccount : account, ReleaseBundle.installation, places.releases,
                    release.identifier,
                ], input: release.archive, seconds: 600)
        }
        steps.done(
            "release", "\(release.identifier) on \(lacking.map(\.name).joined(separator: ", "))",
            seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    // MARK: - The change

    /// The host that changes the stack: the first one, with the newest of what operators left.
    private func chooseLeader(_ standing: [String: HostStanding]) async throws -> HostSession {
        let newest = stack.hosts.max { (standing[$0.name]?.revision ?? 0) < (standing[$1.name]?.revision ?? 0) }
        guard let first = stack.hosts.first, let newest else { throw Failure(.failed, "the stack has no host") }
        let session = try await hosts.session(first)
        let last = standing[newest.name]?.revision ?? 0
        if last > standing[first.name]?.revision ?? 0 {
            try await OperatorFolder(hosts: hosts).copy(from: newest, to: [first])
        }
        return session
    }

    private func roll(_ leader: HostSession, _ request: HostRequest) async throws {
        let input = Array(try JSONEncoder().encode(request))
        let answer = try await leader.step(
            ["prepare"], stack: stack.name, input: input, outputLimitBytes: 256 << 20, seconds: 300)
        let preparation = try JSONDecoder().decode(HostPreparation.self, from: Data(answer.utf8))
        if let made = preparation.made { steps.note(made) }
        let before = preparation.before ?? []
        let together = stack.together(with: before, leaving: preparation.leaving)
        // Before others are told of a new host or role, and of one that leaves not before it has. An earlier version of
        // the app changes nothing of what root has; the file that is here may say something else by now.
        let changed = version == .ofFolder || !preparation.packages.isEmpty ? try await guardHosts(together) : []
        try await beginAnew(changed.filter(request.running.contains))
        try await deliver(preparation.packages)
        if preparation.isNothing {
            return Terminal.line(
                "\(stack.name) is up already: \(stack.url) (a new version of the app: change its files)")
        }
        if preparation.isRunning { steps.headline("Changing \(stack.name)") }
        do {
            try attached(leader, input)
        } catch let cut as CutConnection {
            // It goes on there, with all that it needs.
            throw Failure(.failed, cut.message)
        } catch {
            try? await OperatorFolder(hosts: hosts).copy(from: leader.host, to: stack.hosts)
            // What did not come up is not to come up at the host's next start.
            if !preparation.isRunning { try? await hosts.letAgentsGo() }
            throw error
        }
        try await OperatorFolder(hosts: hosts).copy(from: leader.host, to: stack.hosts)
        let releases = FleetReleases(hosts: hosts)
        try await releases.prune(try await releases.state(leader).releases.map(\.identifier))
        for host in preparation.leaving { await dismiss(host) }
        if together != stack {
            try await beginAnew(try await guardHosts(stack).filter(request.running.contains))
        }
        Terminal.line(
            "\n\(stack.name) \(preparation.isRunning ? "has taken up the change" : "is up"): "
                + Style(isColored: Terminal.isErrorColored).bold(stack.url) + "\n")
    }

    private struct CutConnection: Error {
        var message: String
    }

    /// The host's own words go to this terminal as they come.
    private func attached(_ leader: HostSession, _ input: [UInt8]) throws {
        let command = OperatorMode.environment(stack: stack.name) + [HostPlaces.program, "host", "roll"]
        let status = try leader.runAttached(command, input: Data(input))
        // What ssh itself says when it ends without the host's answer; see ssh(1), "EXIT STATUS".
        guard status != 255 else {
            throw CutConnection(
                message:
                    "the connection to \(leader.host.name) ended while it changed the stack. It goes on there where it can; see: tandem status\n"
                    + "What is not done then is done by: tandem up")
        }
        // It has said why.
        guard status == 0 else { throw QuietEnd(status) }
    }

    /// What root has on the hosts: units, the firewall, what moves the front's addresses.
    /// - Returns: the names of the hosts where any of it has changed.
    private func guardHosts(_ stack: Stack) async throws -> [String] {
        let start = ContinuousClock.now
        let changed = try await FleetGuard(hosts: hosts).apply(stack)
        guard !changed.isEmpty else { return [] }
        let addresses = stack.frontAddresses.map(\.address)
        let what = addresses.isEmpty ? "" : "; front: \(addresses.joined(separator: ", "))"
        steps.done(
            "firewall", changed.joined(separator: ", ") + what, seconds: (ContinuousClock.now - start) / .seconds(1))
        return changed
    }

    private func deliver(_ packages: [HostPackage]) async throws {
        guard !packages.isEmpty else { return }
        let start = ContinuousClock.now
        let inputs = try packages.reduce(into: [String: [UInt8]]()) { inputs, package in
            inputs[package.host] = Array(try JSONEncoder().encode(package))
        }
        let stackName = stack.name
        let chosen = stack.hosts.filter { inputs[$0.name] != nil }
        try await hosts.onEach("start the agents", only: chosen) { session in
            _ = try await session.step(
                ["accept"], stack: stackName, input: inputs[session.host.name] ?? [], seconds: 120)
        }
        steps.done(
            "agents", chosen.map(\.name).joined(separator: ", "), seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// Its services were stopped; its data stays.
    private func dismiss(_ host: Host) async {
        do {
            let session = try await hosts.session(host)
            _ = try await session.step(["forget", stack.name, "--keep-data"], stack: stack.name)
            steps.done(host.name, "left; its data stays in \(places.stateFolder) there")
        } catch {
            steps.note(
                "\(host.name) is no longer in the stack, but its agent could not be stopped and may still run: \(error)"
            )
        }
    }
}

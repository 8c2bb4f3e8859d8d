import AsyncHTTPClient
import Foundation
import Glibc
import Hummingbird
import HummingbirdTLS
import Logging
import TandemBlueprint
import TandemReplication
import TandemServices
import TandemStack
import TandemTopology

/// The Tandem process on one host: makes the host match its blueprint and keeps its services running.
///
/// Ending an agent leaves its services serving; the next agent adopts them.
public actor HostAgent {
    /// Why `run` returned.
    public enum Ending: Sendable {
        /// It was told to stop.
        case stopped
        /// It was given new settings: a new agent is to begin with those.
        case changed
    }

    let host: Host
    let folder: StackFolder
    let given: AppliedHost
    var applied: AppliedStack { given.applied }
    private var secrets: StackSecrets { given.secrets }
    private let version: String
    let layout: Layout
    let blueprint: HostBlueprint
    private let strays: Strays
    private let board: TopologyBoard
    private let intended: Placement
    private let client: HTTPClient
    let logger: Logger
    private(set) var supervisors: [ServiceSupervisor] = []
    private var controller: DatabaseController?
    private var isChanged = false
    /// Which instances of the app nginx sends requests to.
    var rotation = AppRotation()
    private let changes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private var hasStrays = true

    /// - Throws: when the host is not in the applied stack, or what `tandem up` prepared cannot be read.
    public init(hostName: String, folder: StackFolder, logger: Logger) throws {
        let given = try AppliedHost.load(host: hostName, folder: folder)
        let applied = given.applied
        let host = try given.host(hostName)
        self.host = host
        self.folder = folder
        self.given = given
        self.logger = logger
        version = try given.version
        layout = folder.layout(host: hostName, applied: applied)
        blueprint = try HostBlueprint(stack: applied.stack, host: host, layout: layout)
        strays = Strays(
            recordFolder: folder.records(hostName),
            wanted: Set(blueprint.services.map(\.statusName) + [AppPreparation.name]))
        let databaseHosts = applied.stack.hosts(.database)
        guard let intended = Placement.intended(databaseHosts: databaseHosts.map(\.name)) else {
            throw StateError("the stack '\(applied.stack.name)' has no database host")
        }
        self.intended = intended
        board = TopologyBoard(
            stack: applied.stack.name, placement: intended,
            members: databaseHosts.map { Self.unknownMember($0, intended) })
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = try AgentTLS.client(
            certificate: folder.agentCertificateFile(hostName), key: folder.agentKeyFile(hostName),
            ca: folder.agentCAFile(hostName))
        configuration.dnsOverride = AgentClient.addresses(of: applied.stack.hosts, stack: applied.stack.name)
        configuration.timeout.connect = .seconds(2)
        // To a question whether it can serve, a redirect is an answer.
        configuration.redirectConfiguration = .disallow
        client = HTTPClient(configuration: configuration)
    }

    private static func unknownMember(_ host: Host, _ placement: Placement) -> DatabaseMember {
        DatabaseMember(
            host: host.name, address: host.address, port: Ports.mysql,
            role: host.name == placement.primary ? .primary : .replica, state: .starting)
    }

    /// Runs until the task is cancelled, or until it is given new settings. Either way its services go on.
    public func run() async throws -> Ending {
        do {
            try await checkFrontSockets()
            try await prepareFiles()
            controller = makeController()
            supervisors = blueprint.services.map(makeSupervisor)
            try await run(makeApplication())
        } catch {
            if isChanged {
                // Not waited for: a peer that holds a question of ours would keep us for as long as TLS waits for its
                // good-bye, 5 s.
                Task { [client] in try? await client.shutdown() }
                return .changed
            }
            // The client must be shut down on every path.
            try? await shutdown()
            throw error
        }
        try? await shutdown()
        return .stopped
    }

    /// Closes the connections to other agents. An agent that does not `run` needs it too.
    func shutdown() async throws { try await client.shutdown() }

    private func run(_ application: some ApplicationProtocol) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [host] in
                try await self.serve(host.address, Ports.agent) { try await application.run() }
            }
            group.addTask { [board, logger, host] in
                try await self.serve(host.loopbackAddress, Ports.agentCheck) {
                    try await RouterChecks(board: board, address: host.loopbackAddress, logger: logger).run()
                }
            }
            if host.has(.app) {
                group.addTask { [board, host, quiet = quiet(logger)] in
                    await board.listen()
                    try await self.serve(host.loopbackAddress, Ports.agentTopology) {
                        try await TopologyRoute(board: board).application(
                            address: host.loopbackAddress, port: Ports.agentTopology, logger: quiet
                        ).run()
                    }
                }
            }
            for peer in applied.stack.hosts(.database) where peer.name != host.name {
                group.addTask { await self.follow(peer) }
            }
            if let controller {
                group.addTask { await controller.run() }
                group.addTask { [layout, logger] in
                    await CertificateWatch(files: layout.certificateFiles(of: .mysql), logger: logger) {
                        try await controller.reloadCertificates()
                    }.run()
                }
            }
            for supervisor in supervisors { group.addTask { await supervisor.run() } }
            group.addTask { await self.endStrays() }
            group.addTask { await self.guardPorts() }
            // The supervisors end when their services are stopped; the agent goes on until it is told.
            group.addTask { [changes] in
                for await _ in changes.stream { break }
                // For the answer to whoever told us.
                try await Task.sleep(for: .milliseconds(50))
                throw CancellationError()
            }
            defer { group.cancelAll() }
            // Not `waitForAll`, which would wait for the others before it tells of an error.
            while try await group.next() != nil {}
        }
    }

    // MARK: - What the API asks for

    func status() async -> HostStatus {
        let database = await board.member(host.name)
        var services: [ServiceStatus] = []
        var isSettled = !hasStrays
        for supervisor in supervisors {
            if await !supervisor.isSettled { isSettled = false }
            var status = await supervisor.status
            if supervisor.service.name == .mysql { status.detail = status.detail ?? database?.detail }
            if supervisor.service.name == .mysql, database?.state == .failed, status.state == .starting {
                status.state = .failed
            }
            services.append(status)
        }
        return HostStatus(
            host: host.name, pid: getpid(), services: services, database: database, version: version,
            isSettled: isSettled)
    }

    /// Ends this agent's run; the next one begins with what the host was given by then.
    func beginAnew() {
        isChanged = true
        changes.continuation.yield()
    }

    func statisticsReader() async -> HostStatisticsReader {
        HostStatisticsReader(
            host: host, layout: layout, services: await status().services,
            database: host.has(.database) ? databaseEnvironment : nil)
    }

    func stop(_ name: ServiceName) async {
        await withDiscardingTaskGroup { group in
            for supervisor in supervisors where supervisor.service.name == name {
                group.addTask { await supervisor.stop() }
            }
        }
    }

    func fence() async throws {
        try await controller?.fence()
    }

    // MARK: - Ports

    /// Runs what listens on a port of ours. While somebody else has the port, the agent goes on with all the rest.
    private nonisolated func serve(
        _ address: String, _ port: Int, _ body: @Sendable () async throws -> Void
    ) async throws {
        while true {
            do {
                return try await body()
            } catch {
                guard !Task.isCancelled, let problem = ListenerCheck.problem(address: address, port: port) else {
                    throw error
                }
                logger.error("cannot listen: \(problem); trying again")
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    // MARK: - Changes

    /// Services of one host change one after the other, in their order: a later one may need an earlier one.
    private func waitForTurn(_ service: ServiceBlueprint) async {
        while !Task.isCancelled {
            let version = await board.version
            var isTurn = true
            for earlier in supervisors.prefix(while: { $0.service.statusName != service.statusName }) {
                if await !earlier.isSettled { isTurn = false }
            }
            if isTurn { return }
            await board.waitForChange(from: version, timeout: .seconds(1))
        }
    }

    /// Only once all others serve with their new settings, and send nothing there any more.
    private func endStrays() async {
        if strays.areAny {
            for supervisor in supervisors {
                while await !supervisor.isSettled {
                    let version = await board.version
                    await board.waitForChange(from: version, timeout: .seconds(1))
                    if Task.isCancelled { return }
                }
            }
            await strays.end()
        }
        hasStrays = false
        await board.changed()
    }

    /// A host that has just become a balancer has an agent that was started without the front's sockets.
    private func checkFrontSockets() async throws {
        guard let front = layout.front, host.has(.balancer) else { return }
        let balancer = applied.stack.balancer
        for (descriptor, port) in [
            (front.httpDescriptor, balancer.httpPort), (front.httpsDescriptor, balancer.httpsPort),
        ]
        where !ListenerCheck.isListening(descriptor, address: AppliedStack.frontAddress, port: port.number) {
            // Until the keeper has read of it.
            try await Task.sleep(for: .milliseconds(600))
            throw StateError("the front's sockets were not handed to this agent; the keeper starts it again with them")
        }
    }

    // MARK: - Parts

    private func prepareFiles() async throws {
        for path in blueprint.folders { try Folders.make(path) }
        try Folders.make(folder.records(host.name))
        let first = try PortGuard.firstPlan(blueprint, stack: applied.stack, host: host, layout: layout)
        rotation = AppRotation(avoided: first.avoided, strange: first.avoided)
        for file in first.blueprint.files { try AtomicFile.write(file.contents, to: file.path, mode: file.mode) }
    }

    private func makeController() -> DatabaseController? {
        guard host.has(.database) else { return nil }
        return DatabaseController(
            environment: databaseEnvironment, board: board, member: Self.unknownMember(host, intended))
    }

    private var databaseEnvironment: DatabaseEnvironment {
        DatabaseEnvironment(
            applied: applied, secrets: secrets.database, layout: layout, host: host,
            recordFolder: folder.records(host.name), intended: intended, logger: logger)
    }

    private func makeSupervisor(_ service: ServiceBlueprint) -> ServiceSupervisor {
        ServiceSupervisor(
            service: service,
            starter: ProcessStarter(applied: applied, secrets: secrets, layout: layout),
            recordFile: "\(folder.records(host.name))/\(service.statusName).json",
            hooks: service.name == .mysql ? databaseHooks(service) : plainHooks(service), logger: logger)
    }

    private func plainHooks(_ service: ServiceBlueprint) -> ServiceSupervisor.Hooks {
        let probe = ReadinessProbe(client: client)
        var hooks = ServiceSupervisor.Hooks(
            prepare: { [weak self] waitsFor in
                try await self?.waitForWhatItNeeds(service, waitsFor)
                if service.name == .app { try await self?.waitForPreparation(waitsFor) }
            },
            isReady: { await probe.isReady(service.readiness) { false } },
            whyNotReady: { await probe.reason(service.readiness, members: $0.members) },
            stop: {
                await $0.stop(signal: service.stop.signal, bound: .seconds(service.stop.boundSeconds))
            },
            changed: { [board] in await board.changed() },
            turn: { [weak self] in await self?.waitForTurn(service) })
        if service.name == .app {
            hooks.joinRotation = { [weak self] in await self?.joinRotation(service) }
            hooks.leaveRotation = { [weak self] in await self?.leaveRotation(service) }
        }
        if service.name == .router {
            hooks.refresh = { [layout] _ in try await RouterRefresh(layout).run() }
        }
        return hooks
    }

    private func databaseHooks(_ service: ServiceBlueprint) -> ServiceSupervisor.Hooks {
        guard let controller else { return plainHooks(service) }
        return ServiceSupervisor.Hooks(
            prepare: { waitsFor in try await controller.provision(waitsFor: waitsFor) },
            isReady: { await controller.isReady },
            stop: { await controller.stop($0, bound: .seconds(service.stop.boundSeconds)) },
            changed: { [board] in await board.changed() },
            turn: { [weak self] in await self?.waitForTurn(service) },
            refresh: { _ in try await controller.reloadCertificates() })
    }

    private func waitForWhatItNeeds(
        _ service: ServiceBlueprint, _ waitsFor: @Sendable (String) async -> Void
    ) async throws {
        while true {
            try Task.checkCancellation()
            let version = await board.version
            guard let reason = await missing(for: service) else { return }
            await waitsFor(reason)
            let now = await board.version
            // Saying what it waits for is itself a change. The router's opening is none that the board hears of.
            let timeout = reason == Self.waitingForRouter ? Duration.milliseconds(50) : .seconds(1)
            await board.waitForChange(from: max(version, now), timeout: timeout)
        }
    }

    private func missing(for service: ServiceBlueprint) async -> String? {
        for name in service.after {
            for supervisor in supervisors where supervisor.service.name == name {
                if await supervisor.status.state != .running { return "waiting for \(name.rawValue)" }
            }
        }
        guard service.needsDatabase else { return nil }
        let primary = await board.primary
        guard primary?.state == .open else { return "waiting for the database on \(intended.primary)" }
        // The router hears of it a moment later than we do, and an app may connect in its first line.
        let probe = ReadinessProbe(client: client)
        for port in [Ports.routerWrite, Ports.routerRead] {
            guard await probe.greets(host.loopbackAddress, port) else { return Self.waitingForRouter }
        }
        return nil
    }

    private static let waitingForRouter = "waiting for the router to open the database"

    /// Keeps up with another host's database, through its agent.
    private func follow(_ peer: Host) async {
        let client = AgentClient(client: client, stack: applied.stack.name)
        var version = 0
        var delay = Duration.milliseconds(50)
        while !Task.isCancelled {
            do {
                let news = try await client.database(of: peer, after: version)
                // An agent speaks for its own host.
                guard news.value.host == peer.name, news.value.address == peer.address else {
                    throw StateError("the agent of \(peer.name) speaks of \(news.value.host)")
                }
                version = news.version
                await board.set(news.value)
                delay = .milliseconds(50)
            } catch {
                version = 0
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(1))
            }
        }
    }

    private func makeApplication() throws -> some ApplicationProtocol {
        let tls = try AgentTLS.server(
            certificate: folder.agentCertificateFile(host.name), key: folder.agentKeyFile(host.name),
            ca: folder.agentCAFile(host.name))
        return try AgentAPI(agent: self, board: board, host: host, stack: applied.stack.name).application(
            address: host.address, port: Ports.agent, tls: tls, logger: quiet(logger))
    }

    private func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        // It would report every long poll that our own end cuts short.
        logger.logLevel = .critical
        return logger
    }
}

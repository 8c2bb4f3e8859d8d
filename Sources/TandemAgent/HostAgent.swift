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

    nonisolated let host: Host
    nonisolated let folder: StackFolder
    let given: AppliedHost
    var applied: AppliedStack { given.applied }
    var secrets: StackSecrets { given.secrets }
    let version: String
    let layout: Layout
    let blueprint: HostBlueprint
    /// The app's own account; nil where the app runs as ours.
    let app: AppAccount?
    private let strays: Strays
    let board: TopologyBoard
    let intended: Placement
    let client: HTTPClient
    let store: StoreSeat
    let logger: Logger
    /// What the owners of this host's services say of them.
    let reports: ServiceReports
    /// This host's part in an automatic failover.
    private(set) var seat: FailoverSeat?
    /// The app's scheduled jobs.
    private(set) var jobs: JobRunner?
    let databaseStarts = StartCount()
    let hearing: PeerHearing
    let recorder: HostRecorder
    let sockets: HeldSockets
    let probes = ProbeBoard()
    let certificateDates = CertificateDates()
    private(set) var ports: PortWatch?
    /// One for each service, in their order.
    private(set) var owners: [any ServiceOwner] = []
    private var isChanged = false
    /// Which instances of the app nginx sends requests to.
    var rotation = AppRotation()
    private let changes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private(set) var hasStrays = true
    /// Keeps the folder of this host's unix sockets from systemd-tmpfiles.
    var socketHold: FolderHold?

    /// - Parameters:
    ///   - recorder: the last agent's, where this one goes on with other settings.
    ///   - sockets: likewise.
    /// - Throws: when the host is not in the applied stack, or what `tandem up` prepared cannot be read.
    public init(
        hostName: String, folder: StackFolder, recorder: HostRecorder = HostRecorder(), sockets: HeldSockets? = nil,
        logger: Logger
    ) throws {
        self.recorder = recorder
        self.sockets = sockets ?? HeldSockets(logger: logger)
        let given = try AppliedHost.load(host: hostName, folder: folder)
        let applied = given.applied
        let host = try given.host(hostName)
        self.host = host
        self.folder = folder
        self.given = given
        self.logger = logger
        version = try given.version
        layout = folder.layout(host: hostName, applied: applied)
        app = try AppAccount.find(given, host: hostName)
        blueprint = try HostBlueprint(stack: applied.stack, host: host, layout: layout)
        strays = Strays(
            recordFolder: folder.records(hostName),
            // Of a run that is under way its own owner takes care, also where the job is none any more.
            wanted: Set(
                blueprint.services.map(\.statusName) + [AppPreparation.name]
                    + JobRecord.names(in: folder.records(hostName)) + blueprint.jobs.map(\.name)))
        hearing = PeerHearing(listeners: applied.stack.hosts(.app).map(\.name).filter { $0 != hostName })
        let databaseHosts = applied.stack.hosts(.database)
        // On this host: others have their own.
        let recorded = PlacementRecord.load(host: hostName, folder: folder)
            .flatMap { last in databaseHosts.contains { $0.name == last.primary } ? last : nil }
        let names = databaseHosts.map(\.name)
        guard let intended = Placement.known(said: nil, recorded: [recorded].compactMap(\.self), databaseHosts: names)
        else {
            throw StateError("the stack '\(applied.stack.name)' has no database host")
        }
        self.intended = intended
        board = TopologyBoard(
            stack: applied.stack.name, placement: intended,
            members: databaseHosts.map { Self.unknownMember($0, intended) })
        reports = ServiceReports(blueprint.services, board: board)
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = try AgentTLS.client(
            certificate: folder.agentCertificateFile(hostName), key: folder.agentKeyFile(hostName),
            ca: folder.agentCAFile(hostName))
        configuration.dnsOverride = AgentClient.addresses(of: applied.stack.hosts, stack: applied.stack.name)
        configuration.timeout.connect = .seconds(2)
        // To a question whether it can serve, a redirect is an answer.
        configuration.redirectConfiguration = .disallow
        client = HTTPClient(configuration: configuration)
        store = StoreSeat(
            host: host, given: given, folder: folder, layout: layout,
            agents: AgentClient(client: client, stack: applied.stack.name), logger: logger)
    }

    /// Runs until the task is cancelled, or until it is given new settings. Either way its services go on.
    public func run() async throws -> Ending {
        do {
            try await checkFrontSockets()
            try await prepareFiles()
            seat = try await makeSeat()
            owners = blueprint.services.map(makeOwner)
            jobs = makeJobRunner()
            let agents = AgentClient(client: client, stack: applied.stack.name)
            ports = PortWatch(host: host, stack: applied.stack) { try await agents.status(of: $0) }
            try await run(makeApplication())
        } catch {
            if isChanged {
                // Not waited for: a peer that holds a question of ours would keep us for as long as TLS waits for its
                // good-bye, 5 s.
                Task { [client, store] in
                    try? await client.shutdown()
                    await store.shutdown()
                }
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
    func shutdown() async throws {
        await store.shutdown()
        try await client.shutdown()
    }

    private func run(_ application: some ApplicationProtocol) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [host] in
                try await self.serve(host.address, Ports.agent) { try await application.run() }
            }
            let push =
                blueprint.runs(.router)
                ? RouterPush(
                    board: board, hosts: applied.stack.hosts(.database).map(\.name), socket: layout.routerSocket,
                    logger: logger) : nil
            group.addTask { [board, logger, host] in
                try await self.serve(host.loopbackAddress, Ports.agentCheck) {
                    try await RouterChecks(board: board, address: host.loopbackAddress, push: push, logger: logger)
                        .run()
                }
            }
            if host.has(.app) {
                group.addTask { [board, host, quiet = logger.quiet] in
                    await board.listen()
                    try await self.serve(host.loopbackAddress, Ports.agentTopology) {
                        try await TopologyRoute(board: board).application(
                            address: host.loopbackAddress, port: Ports.agentTopology, logger: quiet
                        ).run()
                    }
                }
            }
            for peer in applied.stack.hosts(.database) where peer.name != host.name {
                let agents = AgentClient(client: client, stack: applied.stack.name)
                group.addTask { [board] in await PeerWatch(peer: peer, client: agents, board: board).run() }
            }
            group.addTask { [board, host, folder, logger] in
                await PlacementMemory(board: board, host: host.name, folder: folder, logger: logger).run()
            }
            for owner in owners { group.addTask { await owner.run() } }
            if let jobs { group.addTask { await jobs.run() } }
            // Where there is data, mysqld's owner runs it.
            if let seat, !host.has(.database) { group.addTask { await seat.run() } }
            if blueprint.runs(.etcd) { group.addTask { [store] in await store.tidy() } }
            if let probe = frontProbe { group.addTask { await probe.run() } }
            if let ports { group.addTask { await ports.run() } }
            group.addTask { await self.endStrays() }
            group.addTask { await self.guardPorts() }
            group.addTask { [recorder, blueprint, layout, reports, version] in
                await recorder.run(blueprint, layout) { (reports.statuses, version) }
            }
            if blueprint.runs(.haproxy) {
                group.addTask { [layout] in await HungRequests.endAll(of: layout.haproxySocket) }
            }
            // The owners end when their services are stopped; the agent goes on until it is told.
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

    /// Ends this agent's run; the next one begins with what the host was given by then.
    func beginAnew() {
        isChanged = true
        changes.continuation.yield()
    }

    func stop(_ name: ServiceName) async {
        if name == .etcd { await store.halt() }
        if name == .job { await jobs?.halt() }
        await withDiscardingTaskGroup { group in
            for owner in owners where owner.service.name == name { group.addTask { await owner.stop() } }
        }
        // Without HAProxy, connections to the kept sockets would wait without end.
        if name == .haproxy { sockets.keep(only: []) }
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

    /// Only once all others serve with their new settings, and send nothing there any more.
    private func endStrays() async {
        await endFormerClaims()
        let hasVoteLeft = blueprint.runs(.etcd) ? false : await store.standing.stage == .member
        if strays.areAny || hasVoteLeft {
            await reports.waitUntilAllAreSettled()
            if Task.isCancelled { return }
            if hasVoteLeft { await store.giveUp() }
            await strays.end()
            if hasVoteLeft { await store.forget() }
        }
        hasStrays = false
        await board.changed()
    }

    // MARK: - Parts

    private func makeApplication() throws -> some ApplicationProtocol {
        let tls = try AgentTLS.server(
            certificate: folder.agentCertificateFile(host.name), key: folder.agentKeyFile(host.name),
            ca: folder.agentCAFile(host.name))
        var api = AgentAPI(agent: self, board: board, host: host, stack: applied.stack.name)
        api.peers = seat.map { PeerRoute(stack: applied.stack.name, seat: $0) }
        api.alerts = makeAlertRoute()
        api.hearing = hearing
        return try api.application(
            address: host.address, port: Ports.agent, tls: tls, logger: logger.quiet)
    }

}

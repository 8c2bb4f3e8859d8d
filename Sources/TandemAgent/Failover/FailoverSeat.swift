import Foundation
import Logging
import Synchronization
import TandemBlueprint
import TandemCoordination
import TandemFailover
import TandemFailoverDriver
import TandemReplication
import TandemServices
import TandemStack

/// A host's part in the failover: makes its driver, runs it, and passes on to it what others have to say.
///
/// It ends with its agent. The server goes on as it is, and the next agent's seat takes it over.
actor FailoverSeat {
    nonisolated let hosts: FailoverHosts
    nonisolated let own: HostID
    private let data: FailoverData?
    private let folder: StackFolder
    let store: StackStore
    let peers: PeerCalls
    let logger: Logger
    private var driver: FailoverDriver?
    private var server: DatabaseServer?
    private var notes: HostData?
    private var hold: HoldOrder
    /// Tells each report of the driver, the newest only.
    nonisolated let reports: AsyncStream<FailoverReport>
    private let said: AsyncStream<FailoverReport>.Continuation
    private let started: @Sendable () -> Void
    private let awaitHearing: @Sendable () async -> Void
    private(set) var report: FailoverReport?
    /// What is done before there is a driver, in words.
    private(set) var preparation: String?

    /// - Parameters:
    ///   - data: nil on a host that only votes.
    ///   - folder: where an operator's orders lie.
    ///   - started: called whenever the database server is started, before it runs.
    ///   - awaitHearing: returns when all agents have heard that clients are to be sent to this host's server no more,
    ///     or after a bound.
    init(
        host: HostID, hosts: FailoverHosts, data: FailoverData?, folder: StackFolder, client: EtcdClient, stack: String,
        agents: AgentClient, logger: Logger, started: @escaping @Sendable () -> Void,
        awaitHearing: @escaping @Sendable () async -> Void
    ) {
        own = host
        self.hosts = hosts
        self.data = data
        self.folder = folder
        store = StackStore(client, keys: StackKeys(stack: stack, names: hosts.names), mayLead: data != nil)
        peers = PeerCalls(client: agents, hosts: hosts.all)
        self.logger = logger
        self.started = started
        self.awaitHearing = awaitHearing
        // An agent holds the server only while it stops or restarts it, so a hold of the previous agent is over.
        hold = HoldOrder(isHeld: false, number: Self.orderNumber)
        (reports, said) = AsyncStream<FailoverReport>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Later orders have higher numbers, also those of the next agent.
    private static var orderNumber: UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }

    /// Runs until its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                return try await runDriver()
            } catch is CancellationError {
                return
            } catch {
                preparation = "\(error)"
                logger.error("cannot prepare this host's data: \(error); trying again")
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    private func runDriver() async throws {
        guard let data else { return await run(nil, cluster: nil, endServer: {}) }
        let swap = data.swap
        let notes = data.data(of: own, swap: swap, numbering: GTIDNumbering()) { [weak self] in
            await self?.report?.record
        }
        // Before the reducer counts: new data may take longer than a start may.
        preparation = "preparing the data"
        if data.process.record?.identity.isAlive != true { try await swap.settle() }
        let name = data.environment.host.name
        if let order = Adoption.load(host: name, folder: folder) {
            preparation =
                order.host == name ? "taking up the data" : "waiting for \(order.host), whose data the stack takes up"
            try await adopt(order, data, swap, notes.notes)
            Adoption.remove(host: name, folder: folder)
        }
        try await notes.prepare()
        preparation = nil
        self.notes = notes
        let process = ServerProcess(data.launch(started))
        let spoken = DatabaseServer(settings: data.settings(of: own), numbering: notes.numbering, logger: logger)
        self.server = spoken
        let server = HostServer(
            process: process, statements: SQLStatements(spoken), data: notes, awaitHearing: awaitHearing,
            logger: logger)
        await run(
            server, cluster: notes.notes.membership().value?.knownCluster, endServer: { process.killAtOnce() })
        await server.release()
    }

    private func run(_ server: HostServer?, cluster: ClusterID?, endServer: @escaping @Sendable () -> Void) async {
        let driver = FailoverDriver(
            configuration: hosts.configuration(of: own, cluster: cluster, hold: hold), hands: server, store: store,
            peers: peers, endServer: endServer,
            logger: logger)
        self.driver = driver
        await withDiscardingTaskGroup { group in
            group.addTask { await driver.run() }
            group.addTask { for await report in await driver.reports() { await self.tell(report) } }
        }
        self.driver = nil
    }

    private func tell(_ report: FailoverReport) {
        self.report = report
        said.yield(report)
    }

    /// nil where this host holds no data.
    var dataFolder: String? { data?.environment.layout.dataFolder }

    /// The paths of the exported files (see `FailoverData.exportFolder`).
    var exports: [String] {
        guard let folder = data?.exportFolder else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().map { "\(folder)/\($0)" }
    }

    /// On a primary that takes writes: the accounts of hosts that came with new settings.
    func addAccounts() async throws { try await server?.addAccounts() }

    /// How far this host's server is behind, while it does not lead; nil where it does not say.
    func lagSeconds() async -> Double? {
        guard let server else { return nil }
        let question = Task { (try? await server.lagSeconds()) ?? nil }
        return await question.value(within: Self.lagBound) ?? nil
    }

    /// How long the agent waits for its server to say it: one that hangs must not keep the agent from telling others
    /// that it does.
    private static let lagBound = Duration.seconds(1)

    /// The name of the primary, where that is another host.
    var leader: String? {
        guard let primary = report?.record?.primary, primary != own else { return nil }
        return hosts.names.name(primary)
    }

    /// Puts a copy of the primary's data in the place of this host's, whose server is held and down. When it throws,
    /// the data is as it was.
    func copyFromPrimary() async throws {
        guard let primary = report?.record?.primary, primary != own, let notes else {
            throw StateError("it is not known whose data to copy")
        }
        try await notes.clone(from: primary)
    }

    // MARK: - What others say

    func receive(_ message: PeerMessage, from host: HostID) async { await driver?.receive(message, from: host) }

    func reply(to host: HostID) async -> PeerStatus? { await driver?.reply(to: host) }

    /// Has the server stopped, or started again. The others go on without it before it goes.
    func setHeld(_ isHeld: Bool) async {
        hold = HoldOrder(isHeld: isHeld, number: max(Self.orderNumber, hold.number + 1))
        await driver?.hold(hold)
    }
}

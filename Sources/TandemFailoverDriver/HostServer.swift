public import Logging
public import TandemFailover
import TandemReplication
import TandemServices

/// The database server of one host: its process, its data, and what is done to it over SQL.
public actor HostServer: ServerHands {
    private let process: ServerProcess
    private let statements: any ServerStatements
    private let data: any ServerData
    private let awaitHearing: @Sendable () async -> Void
    private let logger: Logger
    /// The last boot in which the server answered.
    private var answeredBoot: UInt32 = 0
    private var joinedBoot: UInt32 = 0
    /// The boot that was seen first, and when.
    private var booting: (boot: UInt32, since: ContinuousClock.Instant)?
    /// It was told to end, and nobody logs in any more.
    private var isStopping = false
    /// The statements' connections are of this boot.
    private var connectedBoot: UInt32 = 0
    public private(set) var isInUse = true
    public nonisolated let processEnds: AsyncStream<Void>

    /// How long a server may be silent after its start. What takes so long in recovery is left alone; what hangs for
    /// longer is ended, and started again.
    private static let bootBound = Duration.seconds(600)
    private static let stopBound = Duration.seconds(60)
    /// How long a start waits for room on the disk before it is asked for anew.
    private static let roomBound = Duration.seconds(10)

    /// - Parameter awaitHearing: returns once the agents of all app hosts have heard that the server is about to close,
    ///   and their routers send it no new clients; or after a bound.
    public init(
        process: ServerProcess, statements: any ServerStatements, data: any ServerData,
        awaitHearing: @escaping @Sendable () async -> Void = {}, logger: Logger
    ) {
        self.process = process
        self.statements = statements
        self.data = data
        self.awaitHearing = awaitHearing
        self.logger = logger
        processEnds = process.ends
    }

    // MARK: - Looks

    public func look(order: UInt64) async -> ServerObservation {
        let boot = process.bootCount
        isInUse = true
        guard boot != 0 else { return downLook(order) }
        if connectedBoot != boot {
            await statements.disconnect()
            connectedBoot = boot
        }
        guard !isStopping else { return complete(ServerObservation(life: .unresponsive), boot, order) }
        let found = await statements.look()
        // It ended meanwhile: what it said is no longer so.
        guard process.bootCount == boot else { return downLook(order) }
        var look = ServerObservation(life: .up)
        switch found {
        case .seen(let seen, let isInUse):
            look = seen
            look.life = .up
            self.isInUse = isInUse
            if answeredBoot != boot { await noteBeginning() }
            answeredBoot = boot
            await noteJoined(seen, boot)
        case .crowded:
            look.life = .crowded
            answeredBoot = boot
        case .silent: look.life = answeredBoot == boot || !isBooting(boot) ? .unresponsive : .booting
        case .absent: look.life = isBooting(boot) ? .booting : .unresponsive
        }
        return complete(look, boot, order)
    }

    /// Once for each start.
    private func noteJoined(_ seen: ServerObservation, _ boot: UInt32) async {
        guard joinedBoot != boot, seen.receiver == .connected, seen.isCloseBehind else { return }
        joinedBoot = boot
        do {
            try await data.dropReplaced()
        } catch {
            logger.warning("cannot delete the data that a copy has replaced: \(error)")
        }
    }

    /// While it is up: of a server that is down, nothing tells what its data began with.
    private func noteBeginning() async {
        guard let read = await statements.transactions() else { return }
        do {
            try data.noteBeginning(purged: read.purged)
        } catch {
            logger.warning("cannot note what this host's data began with: \(error)")
        }
    }

    private func isBooting(_ boot: UInt32) -> Bool {
        // A frozen process boots for ever.
        if answeredBoot == boot || process.running?.isFrozen == true { return false }
        if booting?.boot != boot { booting = (boot, .now) }
        return booting.map { .now - $0.since < Self.bootBound } ?? true
    }

    private func downLook(_ order: UInt64) -> ServerObservation {
        complete(ServerObservation(life: process.bootCount == 0 ? .down : .booting), process.bootCount, order)
    }

    private func complete(_ look: ServerObservation, _ boot: UInt32, _ order: UInt64) -> ServerObservation {
        var look = look
        let membership = data.membership()
        let durability = data.durability()
        look.isDurable = look.isDurable && durability.isDurable
        look.isTorn = durability.isTorn
        look.isFresh = membership.isFresh
        look.attachedEpoch = membership.attachedEpoch
        // Any note is of this boot: it is deleted before each start.
        look.noted = data.waiting()
        look.isDiskFull = data.isDiskFull()
        look.bootCount = boot
        look.order = order
        return look
    }

    // MARK: - Commands

    public func run(_ command: ServerCommand) async -> CommandOutcome {
        do {
            return try await carryOut(command)
        } catch {
            logger.error("\(command): \(error)")
            return .failed
        }
    }

    /// mysqld that starts on a full disk waits for a minute before it looks again, and says nothing meanwhile.
    private func waitForRoom() async throws {
        let deadline = ContinuousClock.now + Self.roomBound
        while data.isDiskFull() {
            guard ContinuousClock.now < deadline else { throw DataError("mysqld is not started: its disk is full") }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    public func letClientsFinish() async {
        await awaitHearing()
        await statements.letClientsFinish()
    }

    private func carryOut(_ command: ServerCommand) async throws -> CommandOutcome {
        switch command {
        case .startServer:
            try await waitForRoom()
            try await data.prepare()
            try Task.checkCancellation()
            try data.deleteWaiting()
            try await data.settleDurability()
            try process.start()
            return .done
        case .killServer:
            let hasEnded = await process.kill()
            await statements.disconnect()
            return hasEnded ? .done : .failed
        case .stopServer: return try await stop()
        case .inspect: return .inspected(try await data.inspect(await askItself()))
        case .export(let transactions): try await data.export(transactions)
        case .cut(let transactions):
            guard process.running == nil else { return .failed }
            try await data.cut(transactions)
        case .clone(let source):
            // The copy takes the place of its data.
            guard await process.kill() else { return .failed }
            await statements.disconnect()
            try await data.clone(from: source)
        default: return try await carryOutStatement(command)
        }
        return .done
    }

    /// What has to be on disk before the statement takes effect.
    private func carryOutStatement(_ command: ServerCommand) async throws -> CommandOutcome {
        switch command {
        case .setSourceSide(false): try data.deleteWaiting()
        case .setDurability(false): try data.noteUndurable()
        case .setDurability(true):
            if data.durability().isTorn {
                logger.warning(
                    """
                    this server leads with data that may be torn: its machine ended while what it had committed was not on disk, so that tables may lack \
                    rows that its logs have. Compare them, and rebuild the other hosts (tandem rebuild HOST)
                    """)
            }
            try await statements.run(command)
            try await data.makeDurable()
            return .done
        case .startReceiver(_, let epoch): try data.noteAttaching(epoch: epoch)
        case .setAccess(.guarded), .setAccess(.writing): try data.noteOpening()
        case .noteWaiting(let pair):
            guard let read = await statements.transactions() else { return .failed }
            try data.noteWaiting(pair, executed: read.executed)
            return .done
        default: break
        }
        try await statements.run(command)
        return .done
    }

    private func askItself() async -> ServerTransactions? {
        process.running == nil ? nil : await statements.transactions()
    }

    /// Looks once more: SIGTERM tells the clients of commits that wait that all is well.
    private func stop() async throws -> CommandOutcome {
        guard case .seen(let seen, _) = await statements.look(), seen.access == .closed, !seen.hasWaitingCommits else {
            return .failed
        }
        // A server that is told to end waits for sessions that idle: 2 s, with a replica attached 10 s (measured with
        // 9.7). So those of replicas and our own end first.
        await statements.disconnectReplicas()
        try Task.checkCancellation()
        isStopping = true
        defer { isStopping = false }
        await statements.disconnect()
        await process.terminate(bound: Self.stopBound)
        return process.running == nil ? .done : .failed
    }

    public func heartbeat(epoch: UInt64) async -> Bool { await statements.heartbeat(epoch: epoch) }

    public func transactions() async -> ServerTransactions? { await statements.transactions() }

    public nonisolated func gtidSet(_ text: String) throws -> GTIDSet { try data.gtidSet(text) }

    public func remember(cluster: ClusterID) async throws { try data.note(cluster: cluster) }

    /// The agent ends; the server goes on.
    public func release() async {
        await statements.disconnect()
        process.release()
    }
}

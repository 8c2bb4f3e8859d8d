import Foundation
import Glibc
import Logging
import MySQLConnector
import TandemBlueprint
import TandemReplication
import TandemServices
import TandemStack
import TandemTopology

/// Drives this host's mysqld, whenever it is up, into its place: primary or replica. Every mysqld boots closed; it is
/// this controller that opens it.
actor DatabaseController {
    private let environment: DatabaseEnvironment
    private let board: TopologyBoard
    private var member: DatabaseMember
    /// This mysqld is being stopped; the next one is led again.
    private var isStopping = false
    /// Closed for good: the stack is going down.
    private var isFenced = false
    private var record: PrimaryRecord?
    /// Said once, not twice a second.
    private var lastReason: String?
    /// The heartbeat's last acknowledgement.
    private var acknowledgedAt: ContinuousClock.Instant?

    /// Without an acknowledged heartbeat for this long, the primary says that writes wait.
    private static let patience = Duration.milliseconds(2500)
    private static let mostFailures = 4
    /// A server that says nothing for this long does not serve.
    private static let silenceBound = Duration.seconds(2)
    private static let pollInterval = Duration.milliseconds(500)

    init(environment: DatabaseEnvironment, board: TopologyBoard, member: DatabaseMember) {
        self.environment = environment
        self.board = board
        self.member = member
    }

    /// Whether the server is up and knows its place.
    var isReady: Bool {
        switch member.state {
        case .seeding, .waiting, .open, .streaming, .disconnected: true
        case .starting, .provisioning, .stopped, .failed: false
        }
    }

    private var isLeaving: Bool { isStopping || isFenced }

    /// Runs until cancelled. Every lost connection means: wait for the server, and tell it its place again.
    func run() async {
        var failures = 0
        while !Task.isCancelled {
            guard !isLeaving, let connection = await connect() else {
                failures = 0
                try? await Task.sleep(for: member.state == .failed ? .milliseconds(500) : .milliseconds(50))
                continue
            }
            do {
                try await takePlace(connection)
                failures = 0
            } catch {
                failures += 1
                await lostPlace(error, failures: failures)
            }
            await connection.close()
            if failures > 1 { try? await Task.sleep(for: .milliseconds(500)) }
        }
    }

    /// nil while there is no server, or when it does not let us in.
    private func connect() async -> MySQLConnection? {
        do {
            return try await environment.connect()
        } catch let error as MySQLError where Self.isRefusal(error) {
            guard !isLeaving else { return nil }
            await report(
                .failed,
                detail: "the passwords in secrets.json do not fit its data; put back the ones that it was made with "
                    + "(\(error.message))")
        } catch {
            if !isLeaving, member.state != .provisioning { await report(.starting) }
        }
        return nil
    }

    /// ER_ACCESS_DENIED_ERROR and its kin.
    private static func isRefusal(_ error: MySQLError) -> Bool {
        [1044, 1045, 1698].contains(error.serverErrorNumber)
    }

    /// One failure is what a server that ends looks like. Several in a row, with the server up, are a reason to call
    /// somebody.
    private func lostPlace(_ error: any Error, failures: Int) async {
        guard !isLeaving, !Task.isCancelled else { return }
        let reason = "\(error)"
        if reason != lastReason { environment.logger.warning("the database lost its place: \(reason)") }
        lastReason = reason
        await report(failures < Self.mostFailures ? .starting : .failed, detail: reason)
    }

    private func takePlace(_ connection: MySQLConnection) async throws {
        if environment.isPrimary { try await lead(connection) } else { try await follow(connection) }
    }

    // MARK: - Primary

    private func lead(_ connection: MySQLConnection) async throws {
        acknowledgedAt = nil
        record = record ?? PrimaryRecord.load(environment.primaryRecordFile)
        if record == nil {
            try await PrimaryRole.openSolo(connection)
            let database = environment.applied.stack.database
            try await Bootstrap(
                database: database.name, appUser: database.appUser, appReadUser: database.appReadUser,
                secrets: environment.secrets
            ).run(connection)
            try remember(environment.intended.solo, hasServed: environment.intended.partner == nil)
        }
        if let partner = record?.placement.partner, partner != environment.intended.partner {
            // The stack file does not name it as the partner any more. As always when a pair shrinks: the record first.
            environment.logger.info("\(partner) is the partner no longer: going on alone")
            try remember(environment.intended.solo, hasServed: true)
        }
        if record?.placement.partner != nil {
            try await PrimaryRole.openPaired(connection)
        } else {
            try await PrimaryRole.openSolo(connection)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.beat() }
            group.addTask { try await self.watching { try await self.watchPrimary($0) } }
            try await group.next()
            group.cancelAll()
        }
    }

    /// On a connection of its own, since in a pair a beat waits until the partner has it.
    private func beat() async throws {
        let connection = try await environment.connect()
        do {
            if record?.placement.partner == nil, let partner = environment.intended.partner {
                try await grow(connection, partner: partner)
            }
            try await DatabaseUpkeep(environment: environment).runOnPrimary(connection)
            while !Task.isCancelled {
                try await Heartbeat.beat(epoch: environment.intended.epoch, on: connection)
                acknowledgedAt = .now
                try await Ticks.next(every: Heartbeat.interval)
            }
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    /// Makes a pair of a lone primary. The database first, then the record. The partner follows already; from here on
    /// commits wait for it; the first beat that comes back proves that it has everything.
    private func grow(_ connection: MySQLConnection, partner: String) async throws {
        while await board.knownMember(partner)?.state != .streaming {
            try Task.checkCancellation()
            try await Heartbeat.beat(epoch: environment.intended.epoch, on: connection)
            acknowledgedAt = .now
            let version = await board.version
            await board.waitForChange(from: version, timeout: Heartbeat.interval)
        }
        try await PrimaryRole.awaitAcknowledgements(connection)
        try await Heartbeat.beat(epoch: environment.intended.epoch, on: connection)
        try remember(environment.intended, hasServed: true)
        acknowledgedAt = .now
    }

    /// Makes a lone primary of a pair whose partner has no data any more: the record first, then, at the next turn, the
    /// database. Such a partner cannot lead, so nothing that was acknowledged is in danger.
    private func shrink() throws {
        environment.logger.warning("\(environment.intended.partner ?? "the partner") lost its data: going on alone")
        try remember(environment.intended.solo, hasServed: true)
    }

    private func remember(_ placement: Placement, hasServed: Bool) throws {
        let record = PrimaryRecord(placement: placement, hasServed: hasServed)
        try AtomicFile.write(record, to: environment.primaryRecordFile)
        self.record = record
    }

    /// Runs `watch` on a connection of its own, on which a frozen server is noticed.
    private func watching(_ watch: @Sendable (MySQLConnection) async throws -> Void) async throws {
        try await environment.withConnection(queryTimeout: Self.silenceBound, watch)
    }

    private func watchPrimary(_ connection: MySQLConnection) async throws {
        while !Task.isCancelled {
            try await connection.execute("DO 0")
            let isAcknowledged = acknowledgedAt.map { ContinuousClock.now - $0 < Self.patience } ?? false
            member.partner = record?.placement.partner
            if let partner = member.partner, await board.knownMember(partner)?.state == .provisioning {
                // Ends this turn at leading; the next one begins alone.
                return try shrink()
            }
            if record?.hasServed != true {
                await report(.seeding, detail: "waiting for \(environment.intended.partner ?? "nobody") to join")
            } else if isAcknowledged {
                await report(.open)
            } else if let partner = environment.intended.partner {
                await report(.waiting, detail: "writes wait for \(partner)")
            }
            try await Ticks.next(every: member.state == .open ? Self.pollInterval : .milliseconds(50))
        }
    }

    // MARK: - Replica

    private func follow(_ connection: MySQLConnection) async throws {
        guard let primary = await board.member(environment.intended.primary) else {
            throw StateError("the stack has no primary named \(environment.intended.primary)")
        }
        let role = ReplicaRole(
            sourceAddress: primary.address, sourcePort: primary.port, password: environment.secrets.replication,
            caFile: environment.layout.caFile, acknowledges: environment.isPartner)
        try await DatabaseUpkeep(environment: environment).runOnAny(connection)
        try await role.follow(connection)
        try await watching { try await self.watchReplica($0, of: primary) }
    }

    private func watchReplica(_ connection: MySQLConnection, of primary: DatabaseMember) async throws {
        var isOpen = false
        while !Task.isCancelled {
            guard let status = try await ReplicaStatus.read(connection) else {
                throw StateError("\(environment.host.name) stopped following \(primary.host)")
            }
            // Without a primary that writes, no heartbeat comes, and its age says nothing of what is missing.
            let primaryState = await board.knownMember(primary.host)?.state
            if status.isStreaming || primaryState == .open {
                member.lagSeconds = ((try? await Heartbeat.lagSeconds(on: connection)) ?? nil).map(Self.rounded)
            }
            if !isOpen, status.isStreaming, member.lagSeconds != nil {
                try await ReplicaRole.open(connection)
                isOpen = true
            }
            if status.isStreaming {
                await report(.streaming)
            } else {
                await report(.disconnected, detail: status.error ?? "receiver: \(status.receiver)")
            }
            try await Ticks.next(every: member.state == .streaming ? Self.pollInterval : .milliseconds(50))
        }
    }

    /// Every change is told to all agents at once, so one that means nothing should be none.
    static func rounded(_ lagSeconds: Double) -> Double {
        lagSeconds < 0.5 ? 0 : (lagSeconds * 10).rounded() / 10
    }

    // MARK: - Stopping

    /// Closes the primary: nobody writes any more, and what was acknowledged is on the partner.
    /// - Throws: when a commit still waits; then only SIGKILL is safe.
    func fence() async throws {
        isFenced = true
        try await close()
        await report(.stopped, detail: "closed: the stack is stopping")
    }

    private func close(isEnding: Bool = false) async throws {
        guard environment.isPrimary else { return }
        try await environment.withConnection {
            try await PrimaryRole.fence($0)
            // They come back within a second, by which time it ends; with one attached it would take 10 s to.
            if isEnding { try await PrimaryRole.disconnectReplicas($0) }
        }
    }

    /// Before a server stops that others go on without: new sessions go elsewhere or wait at the routers, and those that
    /// are here finish what they do, within a bound.
    private func letFinish() async throws {
        guard isReady else { return }
        member.isClosing = true
        await board.set(member)
        try await watching { try await DatabaseSessions(connection: $0).finish() }
    }

    /// Whether the whole stack is being stopped, so that waiting for the clients' sessions is of no use: the command that stops a
    /// stack stops its balancers, apps and routers first, and then closes the primary.
    static func isStackStopping(isFenced: Bool, own: DatabaseMember, primary: DatabaseMember?) -> Bool {
        isFenced || (primary?.host != own.host && primary?.state == .stopped)
    }

    /// Ends mysqld: in order when it is closed, with SIGKILL when it is not. SIGTERM to an open primary would
    /// acknowledge commits that the partner does not have.
    func stop(_ process: RunningProcess, bound: Duration) async {
        isStopping = true
        let isClosed: Bool
        do {
            if await !Self.isStackStopping(isFenced: isFenced, own: member, primary: board.primary) {
                try await letFinish()
            }
            if environment.isPrimary {
                try await close(isEnding: true)
            } else {
                let connection = try await environment.connect()
                try await ReplicaRole.stop(connection)
                await connection.close()
            }
            isClosed = true
        } catch {
            environment.logger.warning("mysqld gets SIGKILL, since it could not be closed: \(error)")
            isClosed = false
        }
        // Stopped before it is: the routers cut what is left, and what connects waits there.
        await process.stop(signal: isClosed ? SIGTERM : SIGKILL, bound: bound)
        member.isClosing = nil
        await report(.stopped)
    }

    /// Before mysqld starts: gives the host its first data where it has none.
    func provision(waitsFor: @Sendable (String) async -> Void) async throws {
        isStopping = false
        try await DatabaseProvisioner(environment: environment, board: board).run { detail in
            await self.report(.provisioning, detail: detail)
            await waitsFor(detail)
        }
        if member.state == .provisioning { await report(.starting) }
    }

    private func report(_ state: DatabaseMember.State, detail: String? = nil) async {
        // What watches the server may have looked at it just before it was closed; nothing would ever take that back.
        guard !isFenced || state == .stopped else { return }
        member.state = state
        member.detail = detail
        if state != .streaming { member.lagSeconds = state == .disconnected ? member.lagSeconds : nil }
        await board.set(member)
    }
}

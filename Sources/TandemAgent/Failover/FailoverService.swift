import Foundation
import Logging
import MySQLConnector
import Synchronization
import TandemBlueprint
import TandemFailover
import TandemFailoverDriver
import TandemReplication
import TandemServices
import TandemStack
import TandemTopology

/// mysqld's owner. The failover's driver starts and ends the process; this says how the server is, passes on to the
/// driver what the agent is asked for, and ends a server by SIGKILL that does not stop within its bound.
actor FailoverService: ServiceOwner {
    nonisolated let service: ServiceBlueprint
    let own: ServiceProcess
    let environment: DatabaseEnvironment
    let seat: FailoverSeat
    let reports: ServiceReports
    private let board: TopologyBoard
    let logger: Logger
    private var member: DatabaseMember
    var statement: ServiceStatement
    var strangers: StrangerWatch
    var isWanted = true
    /// The process has its present settings.
    var isUpToDate = false
    /// Why the process goes on with earlier files.
    var refusal: String?
    private var latest: FailoverReport?
    private var lagSeconds: Double?
    /// Why the agent cannot log in to a mysqld that runs, where its password is refused; nil: it is not.
    private var passwordRefusal: String?
    /// What is being done in place of serving, in words.
    var rebuilding: String?
    /// It is about to be stopped, and others serve its readers.
    var isAboutToStop = false
    /// The boot whose server has been looked after.
    private var keptProcess: ProcessIdentity?
    /// Of which process it is known that the stack had a pair, or a primary without one, while it ran.
    private var joined: ProcessIdentity?
    let startCount: StartCount
    /// Asks whether there is something to look after.
    private nonisolated let upkeep = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// How often it is looked how far the server is behind.
    private static let interval = Duration.milliseconds(500)

    init(
        process: ServiceProcess, environment: DatabaseEnvironment, seat: FailoverSeat, startCount: StartCount,
        member: DatabaseMember, board: TopologyBoard, reports: ServiceReports
    ) {
        own = process
        service = process.service
        self.environment = environment
        self.seat = seat
        self.startCount = startCount
        self.member = member
        self.board = board
        self.reports = reports
        logger = environment.logger
        statement = ServiceStatement(process.service)
        strangers = StrangerWatch(process.service, users: process.starter.users(process.service))
    }

    func run() async {
        let certificates = CertificateWatch(
            files: own.starter.layout.certificateFiles(of: service.name), logger: logger
        ) { [environment] in
            try await environment.reloadCertificates()
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.seat.run() }
            group.addTask { for await report in self.seat.reports { await self.hear(report) } }
            group.addTask { await self.seat.watchRoom() }
            group.addTask { await self.lookAgainAndAgain() }
            // Upkeep writes may block on a missing partner, so they run apart from the reports.
            group.addTask { for await _ in self.upkeep.stream { await self.lookAfter() } }
            group.addTask { await self.takeUpSettings() }
            group.addTask { await certificates.run() }
        }
    }

    // MARK: - How it is

    private func hear(_ report: FailoverReport) async {
        latest = report
        await say()
    }

    /// Says how the server is, by the newest report. What is said is worked out before anything is waited for, so that
    /// no earlier word follows a later one.
    func say() async {
        guard let report = latest else { return }
        let view = MemberView(
            report: report, names: seat.hosts.names, lagSeconds: lagSeconds, isAboutToStop: isAboutToStop)
        if let next = view.applied(to: member) {
            member = next
            await board.set(next)
        }
        state(report)
        await publish()
        upkeep.continuation.yield()
    }

    private func state(_ report: FailoverReport) {
        let serves = report.record != nil && (report.takesWrites || report.takesReads) && hasJoined(report)
        if let rebuilding {
            statement.say(.starting, since: nil, detail: rebuilding)
        } else if !isWanted, report.isStopped {
            statement.say(.stopped, since: nil, detail: nil)
        } else if let passwordRefusal {
            statement.say(.failed, since: nil, detail: passwordRefusal)
        } else if serves, let refusal {
            statement.say(.failed, since: nil, detail: refusal)
        } else if serves {
            if isUpToDate { statement.isSettled = true }
            // Of a server that an earlier agent started, since then: it has not stopped serving.
            statement.say(.running, since: startCount.now == 0 ? own.record?.since : nil, detail: nil)
        } else {
            statement.say(.starting, since: nil, detail: waitingDetail(report))
        }
    }

    /// Whether the stack has a pair again since this server was started: the command that restarts one server after the
    /// other waits for that, or both would be away at the same time.
    private func hasJoined(_ report: FailoverReport) -> Bool {
        let identity = own.record?.identity
        let isComplete =
            report.role == .primary || report.record?.partner != nil || report.readiness.blockers.contains(.paused)
        if isComplete { joined = identity }
        return joined == identity
    }

    private func waitingDetail(_ report: FailoverReport) -> String? {
        if report.life == .down, DiskRoom.isFull(at: environment.layout.dataFolder) {
            return "the disk is full: make room where \(environment.layout.dataFolder) lies"
        }
        if report.readiness.blockers.contains(.dataLost) {
            return "its data is gone, and it is the primary; put the data back, or see: tandem why"
        }
        if report.record != nil {
            return MemberView(report: report, names: seat.hosts.names).detail
        }
        let blocker = report.readiness.blockers.first
        return switch blocker {
        case .storeUnknown: "waiting for etcd, which says who is the primary"
        case .stateLost: "there is data, and etcd does not say who was its primary"
        case .otherStack: "etcd's records are those of another stack"
        case .stateUnreadable: "etcd's records name a host that is not in the stack file"
        case .unheard(let host):
            "waiting for the agent of \(seat.hosts.names.name(host) ?? "another host"): the stack's data may be there"
        default: nil
        }
    }

    func publish() async {
        let record = own.record
        let pid = record.flatMap { $0.identity.isAlive ? $0.identity.pid : nil }
        guard
            let news = statement.news(
                pid: pid, restarts: record?.restarts ?? 0, stranger: strangers.stranger)
        else { return }
        reports.set(news)
        await reports.changed()
    }

    /// Looks how far the server is behind, and says so.
    private func lookAgainAndAgain() async {
        while !Task.isCancelled {
            passwordRefusal = await refusedPassword()
            if let report = latest {
                // A promoted server that cannot open, since etcd does not answer, falls behind as any replica does: its
                // lag ends its reads in time.
                if report.role != .primary && report.access != nil || report.isAboutToOpen { lagSeconds = await lag() }
                await say()
            } else if let preparation = await seat.preparation {
                statement.say(.starting, since: nil, detail: preparation)
                await publish()
            }
            try? await Ticks.next(every: Self.interval)
        }
    }

    private func lag() async -> Double? {
        // One that has been promoted has other use for the connection: its heartbeats, which may wait.
        guard latest?.role == .primary else { return await seat.lagSeconds().map(Self.rounded) }
        let seconds = try? await environment.withConnection(queryTimeout: .seconds(1)) {
            try await Heartbeat.lagSeconds(on: $0)
        }
        return (seconds ?? nil).map(Self.rounded)
    }

    private func refusedPassword() async -> String? {
        guard latest?.access == nil, own.record?.identity.isAlive == true else { return nil }
        do {
            try await environment.withConnection(queryTimeout: .seconds(1)) { _ in }
        } catch let error as MySQLError where [1044, 1045, 1698].contains(error.serverErrorNumber) {
            // ER_ACCESS_DENIED_ERROR and its kin.
            return "the passwords in secrets.json do not fit its data; put back the ones that it was made with "
                + "(\(error.message))"
        } catch {}
        return nil
    }

    /// Every change is told to all agents at once, so one that means nothing should be none: lag is the age of the last
    /// heartbeat row, and the next one comes within 0.6 s.
    static func rounded(_ lagSeconds: Double) -> Double {
        lagSeconds < 0.8 ? 0 : (lagSeconds * 10).rounded() / 10
    }

    /// Once for each start of the server, when it takes writes.
    private func lookAfter() async {
        guard let report = latest, report.takesWrites, let identity = own.record?.identity, identity != keptProcess
        else { return }
        keptProcess = identity
        do {
            let upkeep = DatabaseUpkeep(environment: environment)
            try await environment.withConnection(queryTimeout: .seconds(30)) { try await upkeep.runOnPrimary($0) }
            try await seat.addAccounts()
        } catch {
            logger.warning("cannot bring the database up to date: \(error)")
        }
    }
}

extension ServiceStatus {
    /// mysqld as a service, with what its host's agent says of the database.
    func with(_ member: DatabaseMember?) -> ServiceStatus {
        guard name == ServiceName.mysql.rawValue, let member else { return self }
        var status = self
        status.detail = status.detail ?? member.detail
        return status
    }
}

/// How often this agent has started its database server.
final class StartCount: Sendable {
    private let count = Mutex(0)

    var now: Int { count.withLock { $0 } }
    func increase() { count.withLock { $0 += 1 } }
}

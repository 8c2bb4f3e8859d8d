import Logging
import TandemBlueprint
import TandemServices
import TandemTopology

/// mysqld's owner: the only one that starts, restarts and ends it. Nothing beside it watches or restarts that process, because what is
/// safe to do with a database depends on its place, which the controller alone knows.
struct DatabaseService: ServiceOwner {
    let controller: DatabaseController
    /// Starts and ends mysqld for this owner. It is private, so that nothing else in the agent can do either.
    private let loop: RestartLoop
    private let certificates: CertificateWatch

    init(
        controller: DatabaseController, environment: DatabaseEnvironment, process: ServiceProcess,
        reports: ServiceReports, logger: Logger
    ) {
        self.controller = controller
        let service = process.service
        loop = RestartLoop(
            process: process,
            hooks: ServiceHooks(
                prepare: { try await controller.provision(waitsFor: $0) },
                isReady: { await controller.isReady },
                stop: { await controller.stop($0, bound: .seconds(service.stop.boundSeconds)) },
                turn: { await reports.waitForTurn(of: service) },
                refresh: { _ in try await environment.reloadCertificates() }),
            reports: reports, logger: logger)
        certificates = CertificateWatch(
            files: process.starter.layout.certificateFiles(of: service.name), logger: logger
        ) {
            try await environment.reloadCertificates()
        }
    }

    var service: ServiceBlueprint { loop.service }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await controller.run() }
            group.addTask { await certificates.run() }
            group.addTask { await loop.run() }
        }
    }

    func stop() async { await loop.stop() }

    func restart() async throws { try await loop.restart() }

    func reload() async throws -> Bool { try await loop.reload() }

    @discardableResult
    func lookForStrangers(among sockets: ListeningSockets) async -> Bool {
        await loop.lookForStrangers(among: sockets)
    }
}

extension DatabaseService {
    /// mysqld as a service, with what its host's agent says of the database: a process that runs without a place does not serve.
    static func status(_ service: ServiceStatus, with member: DatabaseMember?) -> ServiceStatus {
        guard service.name == ServiceName.mysql.rawValue, let member else { return service }
        var status = service
        status.detail = status.detail ?? member.detail
        if member.state == .failed, status.state == .starting { status.state = .failed }
        return status
    }
}

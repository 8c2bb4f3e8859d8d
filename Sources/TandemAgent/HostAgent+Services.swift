import AsyncHTTPClient
import TandemBlueprint
import TandemCoordination
import TandemServices
import TandemStack
import TandemTopology

/// Who keeps each of this host's services, and what differs between them.
extension HostAgent {
    /// Stops all services in order, as when the host is switched off: users first, what holds the data last. Where the
    /// primary is here, it hands over to its partner.
    public func stopServices() async {
        await seat?.handOver(from: host.name, bound: Self.handOverBound)
        for service in ServiceName.inStopOrder { await stop(service) }
    }

    private static let handOverBound = Duration.seconds(5)

    static func unknownMember(_ host: Host, _ placement: Placement) -> DatabaseMember {
        DatabaseMember(
            host: host.name, address: host.address, port: Ports.mysql,
            role: host.name == placement.primary ? .primary : .replica, state: .starting, epoch: placement.epoch)
    }

    var databaseEnvironment: DatabaseEnvironment {
        DatabaseEnvironment(
            applied: applied, secrets: secrets.database, layout: layout, host: host,
            recordFolder: folder.records(host.name), logger: logger)
    }

    /// The only part of this agent that starts and ends a service's process.
    func makeOwner(_ service: ServiceBlueprint) -> any ServiceOwner {
        let process = serviceProcess(service)
        guard service.name == .mysql, let seat else {
            return RestartLoop(process: process, hooks: hooks(service), reports: reports, logger: logger)
        }
        return FailoverService(
            process: process, environment: databaseEnvironment, seat: seat, startCount: databaseStarts,
            member: Self.unknownMember(host, intended), board: board, reports: reports)
    }

    /// nil: this host has neither data nor a vote.
    func makeSeat() async throws -> FailoverSeat? {
        let hosts = FailoverHosts(applied.stack)
        guard let number = hosts.number(host.name) else { return nil }
        guard applied.programs.etcd != nil else {
            throw StateError(
                "who is primary is decided through etcd, which these settings do not name; run `tandem up` again")
        }
        let data = blueprint.services.first { $0.name == .mysql }.map { service in
            FailoverData(environment: databaseEnvironment, hosts: hosts, process: serviceProcess(service))
        }
        return FailoverSeat(
            host: number, hosts: hosts, data: data, folder: folder, client: try await store.connections.all(),
            stack: applied.stack.name, agents: AgentClient(client: client, stack: applied.stack.name), logger: logger,
            started: { [databaseStarts] in databaseStarts.increase() },
            awaitHearing: { [hearing, host, board] in await hearing.settle(host.name, on: board) })
    }

    /// Gives this host's database a new copy of the primary's data.
    func rebuildDatabase() async throws {
        guard let service = owners.lazy.compactMap({ $0 as? FailoverService }).first else {
            throw StateError("\(host.name) has no database")
        }
        try await service.rebuild()
    }

    var starter: ProcessStarter {
        ProcessStarter(applied: applied, secrets: secrets, layout: layout, app: app, sockets: sockets)
    }

    func serviceProcess(_ service: ServiceBlueprint) -> ServiceProcess {
        ServiceProcess(
            service: service, starter: starter,
            recordFile: "\(folder.records(host.name))/\(service.statusName).json")
    }

    func makeJobRunner() -> JobRunner {
        let needs = ServiceNeeds(host: host, reports: reports, board: board, probe: ReadinessProbe(client: client))
        return JobRunner(
            JobRunner.Settings(
                jobs: blueprint.jobs, host: host.name, stack: applied.stack.name, folder: folder.records(host.name),
                starter: starter,
                connections: store.connections, logger: logger,
                whenReady: { [weak self] service in
                    try await needs.wait(for: service) { _ in }
                    try await self?.waitForPreparation { _ in }
                }))
    }

    private func workerRight(_ service: ServiceBlueprint) -> WorkerRight {
        WorkerRight(
            WorkerRight.Settings(
                worker: service.statusName, host: host.name, stack: applied.stack.name,
                stopBound: .seconds(service.stop.boundSeconds), folder: folder.records(host.name),
                connections: store.connections, logger: logger))
    }

    func endFormerClaims() async {
        let claims = FormerClaims(folder: folder.records(host.name), services: blueprint.services)
        await claims.end { [store, applied] worker, lease in
            guard let client = try? await store.connections.all() else { return }
            await WorkerStore(client, stack: applied.stack.name, worker: worker).release(lease)
        }
    }

    private func hooks(_ service: ServiceBlueprint) -> ServiceHooks {
        let probe = ReadinessProbe(client: client)
        let needs = ServiceNeeds(host: host, reports: reports, board: board, probe: probe)
        var hooks = ServiceHooks(
            prepare: { try await needs.wait(for: service, $0) },
            isReady: { await probe.isReady(service.readiness) { false } },
            whyNotReady: { await probe.reason(service.readiness, of: $0.identity) },
            stop: { await $0.stop(signal: service.stop.signal, bound: .seconds(service.stop.boundSeconds)) },
            turn: { [reports] in await reports.waitForTurn(of: service) })
        if service.account == .application {
            hooks.prepare = { [weak self] waitsFor in
                try await needs.wait(for: service, waitsFor)
                try await self?.waitForPreparation(waitsFor)
            }
        }
        if service.placement == .one { hooks.right = workerRight(service) }
        if service.name == .app {
            hooks.joinRotation = { [weak self] in await self?.joinRotation(service) }
            hooks.leaveRotation = { [weak self] in await self?.leaveRotation(service) }
        }
        if service.name == .nginx {
            hooks.joinRotation = { [weak self] in await self?.joinRotationOfWebServers() }
            hooks.leaveRotation = { [weak self] in await self?.leaveRotationOfWebServers() }
        }
        if service.name == .router {
            hooks.refresh = { [layout] _ in try await RouterRefresh(layout).run() }
        }
        if service.name == .etcd {
            hooks.prepare = { [store] in try await store.provision(waitsFor: $0) }
            hooks.isReady = { [store] in await store.isReady() }
            hooks.whyNotReady = { [store] _ in await store.whyNotReady() }
            hooks.stop = { [store] in await store.stop($0, service.stop) }
        }
        return hooks
    }
}

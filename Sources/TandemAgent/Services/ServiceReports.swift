import Foundation
import Synchronization
import TandemBlueprint
import TandemTopology

/// What the owner of a service says of it.
struct ServiceReport: Sendable, Equatable {
    var status: ServiceStatus
    /// Whether the process has served with its present settings.
    var isSettled: Bool
}

/// In which order the services of a host start and change. A value: asked with how each of them is, it says who has to
/// wait for whom.
struct ServiceOrder: Sendable {
    private let services: [ServiceBlueprint]

    /// - Parameter services: as in the blueprint.
    init(_ services: [ServiceBlueprint]) { self.services = services }

    /// Whether a service may be touched for the sake of new settings. They change one after the other, in their order:
    /// a later one may need an earlier one.
    func isTurn(of service: ServiceBlueprint, among reports: [String: ServiceReport]) -> Bool {
        services.prefix { $0.statusName != service.statusName }.allSatisfy { reports[$0.statusName]?.isSettled == true }
    }

    /// The service that has to run before this one is started; nil when none is missing.
    func missing(for service: ServiceBlueprint, among reports: [String: ServiceReport]) -> ServiceName? {
        service.after.first { name in
            services.contains { $0.name == name && reports[$0.statusName]?.status.state != .running }
        }
    }

    func areAllSettled(among reports: [String: ServiceReport]) -> Bool {
        services.allSatisfy { reports[$0.statusName]?.isSettled == true }
    }

    /// Their statuses, in order.
    func statuses(among reports: [String: ServiceReport]) -> [ServiceStatus] {
        services.compactMap { reports[$0.statusName]?.status }
    }
}

/// What the owners of a host's services say of them, for the agent and for one another. Owners know this, and not each
/// other.
final class ServiceReports: Sendable {
    private let order: ServiceOrder
    /// Tells of changes.
    private let board: TopologyBoard
    /// By the service's name in `status`.
    private let reports: Mutex<[String: ServiceReport]>

    init(_ services: [ServiceBlueprint], board: TopologyBoard) {
        order = ServiceOrder(services)
        self.board = board
        let stopped = services.map { ($0.statusName, ServiceReport(status: .init(of: $0), isSettled: false)) }
        reports = Mutex(Dictionary(stopped) { first, _ in first })
    }

    /// Not asynchronous: of two reports that an owner gives one after the other the second one has to stand. `changed`
    /// tells of it.
    func set(_ report: ServiceReport) { reports.withLock { $0[report.status.name] = report } }

    func changed() async { await board.changed() }

    private var now: [String: ServiceReport] { reports.withLock { $0 } }

    var statuses: [ServiceStatus] { order.statuses(among: now) }
    var areAllSettled: Bool { order.areAllSettled(among: now) }

    func missing(for service: ServiceBlueprint) -> ServiceName? { order.missing(for: service, among: now) }

    /// Returns when the service may be touched for the sake of new settings, or when the task is cancelled.
    func waitForTurn(of service: ServiceBlueprint) async { await wait { $0.isTurn(of: service, among: self.now) } }

    /// Returns when all services have served with their present settings, or when the task is cancelled.
    func waitUntilAllAreSettled() async { await wait { $0.areAllSettled(among: self.now) } }

    private func wait(until condition: (ServiceOrder) -> Bool) async {
        while !Task.isCancelled {
            let version = await board.version
            if condition(order) { return }
            await board.waitForChange(from: version, timeout: .seconds(1))
        }
    }
}

extension ServiceStatus {
    /// Of a service that nobody has started yet.
    init(of service: ServiceBlueprint) {
        let listener = service.listeners.first
        self.init(
            name: service.statusName, state: .stopped, address: listener.map { "\($0.address):\($0.port)" } ?? "",
            since: Date().iso8601)
    }
}

import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

/// A host did not come to serve with its new settings.
struct HostFailure: Error, Sendable {
    var host: String
    /// nil: the agent itself.
    var service: String?
    /// With the last lines of the log.
    var reason: String
}

/// Waits until a host serves as it should.
struct HostWait: Sendable {
    let folder: StackFolder
    let client: AgentClient

    private static let pollInterval = Duration.milliseconds(60)

    /// Whether somebody keeps the stack: not once it is being stopped. A keeper that was killed has a successor soon.
    var isKept: Bool { StackKeeping.load(folder).phase == .running }

    /// What is stopped never comes to serve.
    private func checkIsKept() throws {
        try Task.checkCancellation()
        guard isKept else { throw Failure(.failed, "the stack was stopped meanwhile; `tandem up` starts it again") }
    }

    /// Until the host's services serve with the given settings, and nothing is left of earlier ones.
    /// - Parameter later: a service that is not waited for; then it is not looked what is left, either.
    /// - Throws: `HostFailure` when a service fails, or is not ready within its bound.
    @discardableResult
    func settled(_ host: Host, _ settings: AppliedHost, later: ServiceName? = nil) async throws -> HostStatus {
        let version = try settings.version
        let deadline = ContinuousClock.now + bound(host, settings.applied.stack.app)
        var last: HostStatus?
        while true {
            try checkIsKept()
            // While its agent begins anew there is no answer, and before that one of the last version.
            if let status = try? await client.status(of: host), status.version == version {
                last = status
                let others = status.services.filter { $0.name != later?.rawValue }
                if status.isSettled == true || later != nil, others.allSatisfy({ $0.state.isHealthy }) {
                    return status
                }
                if let failed = status.services.first(where: { $0.state == .failed }) { throw failure(host, failed) }
            }
            guard ContinuousClock.now < deadline else { throw tooLate(host, last) }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Until a service runs as another process than before.
    func restarted(_ service: String, of host: Host, after pid: Int32?, bound: Duration) async throws {
        let deadline = ContinuousClock.now + bound
        while true {
            try checkIsKept()
            let status = try? await client.status(of: host)
            if let now = status?.services.first(where: { $0.name == service }) {
                if now.state == .running, now.pid != pid { return }
                // A worker that one host at a time runs has moved to another one.
                if now.state == .waiting { return }
                if now.state == .failed { throw failure(host, now) }
            }
            guard ContinuousClock.now < deadline else { throw tooLate(host, status) }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Until the databases are whole again, so that the next one may be touched.
    /// - Parameters:
    ///   - isComplete: whether every database host must have joined, too.
    ///   - newcomers: hosts that are only about to join.
    func replicated(_ stack: Stack, isComplete: Bool, besides newcomers: Set<String> = []) async throws {
        let databases = stack.hosts(.database)
        guard !databases.isEmpty else { return }
        let reader = PlacementReader(stack: stack, folder: folder, client: client)
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            try checkIsKept()
            var topology = await reader.topology()
            // Not those either that are about to leave.
            topology?.members.removeAll { member in
                newcomers.contains(member.host) || !databases.contains { $0.name == member.host }
            }
            if let topology, isWhole(topology, stack, isComplete: isComplete) { return }
            guard ContinuousClock.now < deadline else {
                let primary = await reader.placement()?.primary ?? databases[0].name
                throw HostFailure(
                    host: primary, service: "mysql",
                    reason: "the replicas do not follow \(primary) within 2 minutes; see: tandem status")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func isWhole(_ topology: Topology, _ stack: Stack, isComplete: Bool) -> Bool {
        let replicas = topology.members.filter { $0.role == .replica }
        guard replicas.allSatisfy({ $0.state == .streaming }) else { return false }
        guard topology.leader?.state == .open else { return false }
        return isComplete && stack.hosts(.database).count > 1 ? topology.sync == .pair : topology.sync != .waiting
    }

    /// Until the primary no longer names a host as its partner, whose database was stopped for good.
    func released(_ host: Host, by stack: Stack) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            try checkIsKept()
            for other in stack.hosts(.database) where other.name != host.name {
                guard let status = try? await client.failover(of: other), status.primary == other.name else { continue }
                if status.partner != host.name { return }
            }
            guard ContinuousClock.now < deadline else {
                throw HostFailure(
                    host: host.name, service: "mysql",
                    reason: "the primary still names it as its partner after a minute; see: tandem why")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Everything that a host does one after the other, each with its own bound.
    private func bound(_ host: Host, _ app: App) -> Duration {
        var seconds = 60
        if host.has(.app) { seconds += app.instances * (app.startTimeoutSeconds + app.stopTimeoutSeconds) }
        // Each of them is ended, and started again for a moment.
        if host.has(.app) { seconds += app.workers.reduce(0) { $0 + $1.stopTimeoutSeconds + 10 } }
        // Crash recovery, or a copy of the data, takes its time.
        if host.has(.database) { seconds += 900 }
        return .seconds(seconds)
    }

    private func tooLate(_ host: Host, _ status: HostStatus?) -> HostFailure {
        guard let status else {
            let words = LogTail.lastLines(of: "\(folder.logs(host.name))/agent.log", count: 5)
            return HostFailure(
                host: host.name, service: nil,
                reason: "its agent does not answer:\n\(words.joined(separator: "\n"))")
        }
        guard let late = status.services.first(where: { !$0.state.isHealthy }) else {
            return HostFailure(
                host: host.name, service: nil,
                reason:
                    "a service still runs with its previous settings, or a process that the new ones no longer name does not stop"
            )
        }
        return failure(host, late)
    }

    private func failure(_ host: Host, _ service: ServiceStatus) -> HostFailure {
        var lines = (service.detail ?? "it is \(service.state.rawValue)").split(separator: "\n").map(String.init)
        // What goes on with its earlier files has said why; its log is of other things.
        if service.pid == nil || service.state != .failed {
            let log = LogTail.lastLines(of: "\(folder.logs(host.name))/\(service.name).log", count: 8)
            lines += log.filter { !lines.contains($0) }
        }
        return HostFailure(
            host: host.name, service: service.name,
            reason: lines.map { Terminal.printable($0) }.joined(separator: "\n"))
    }
}

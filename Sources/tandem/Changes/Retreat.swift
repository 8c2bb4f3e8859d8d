import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

/// Puts hosts back on what they had before a change that did not work.
struct Retreat: Sendable {
    let pending: PendingChange
    let client: AgentClient
    let steps: StepPrinter

    private var folder: StackFolder { pending.project.folder }

    /// - Parameter changed: in the order in which they were changed; the last one did not get to serve.
    /// - Returns: what could not be put back.
    func run(_ changed: [String], running: AppliedStack) async -> [String] {
        var problems: [String] = []
        for name in Self.order(changed) {
            guard let given = pending.given[name] else { continue }
            do {
                let host = try given.host(name)
                try await client.apply(given, on: host)
                try await HostWait(folder: folder, client: client).settled(host, given)
                steps.note("\(name) is back on what it had")
            } catch let failure as HostFailure {
                problems.append("\(failure.service ?? "the agent") on \(name): \(failure.reason)")
            } catch {
                problems.append("\(name): \(error)")
            }
        }
        // Only now: until then somebody may still have sent something there.
        let departure = Departure(folder: folder, client: client)
        let added = pending.target.stack.hosts.filter { pending.given[$0.name] == nil }
        for host in added { await departure.stopServices(of: host, app: pending.target.stack.app) }
        do {
            let secrets = pending.givenSecrets ?? pending.secrets
            try StackPreparation.write(running, secrets: secrets, folder: folder)
        } catch {
            problems.append("\(error)")
        }
        for host in added { await departure.finish(host, applied: pending.target) }
        return problems
    }
}

extension Retreat {
    /// The other way round: a host that was told of others goes back before those do.
    static func order(_ changed: [String]) -> [String] { changed.reversed() }
}

/// A host leaves a stack that goes on without it.
struct Departure: Sendable {
    let folder: StackFolder
    let client: AgentClient

    /// From what serves users to what holds the data, as a whole stack is stopped.
    func stopServices(of host: Host, app: App) async {
        for service in [ServiceName.haproxy, .nginx, .app, .router, .mysql] {
            // An agent that does not answer cannot be asked; what it leaves is ended in `finish`.
            try? await client.stop(service, on: host, timeout: .seconds(app.stopTimeoutSeconds + 30))
        }
    }

    /// Waits for the keeper to end the host's agent, and sweeps what is left. The host's folder, data in it, stays.
    func finish(_ host: Host, applied: AppliedStack) async {
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline, (try? await client.status(of: host, timeout: .milliseconds(500))) != nil {
            try? await Task.sleep(for: .milliseconds(50))
        }
        var own = applied
        own.stack.hosts = [host]
        Leftovers(applied: own, folder: folder).end()
        for path in [folder.records(host.name), folder.sockets(host.name)] {
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}

/// Services that stand in for each other on several hosts.
struct Pair: Sendable {
    let stack: Stack
    let client: AgentClient

    /// - Throws: `Failure` when a service is to run on other hosts too, and does on none of them.
    func check(_ service: String, besides host: Host) async throws {
        let others = stack.hosts.filter { $0.name != host.name && $0.runs(service) }
        guard !others.isEmpty else { return }
        for other in others {
            if Self.stands(service, in: try? await client.status(of: other)) { return }
        }
        throw Failure(
            .failed,
            "\(service) runs on \(host.name) alone: restarting it there would leave none (it is down on "
                + "\(others.map(\.name).joined(separator: ", "))).\nMend that first; see: tandem status")
    }
}

extension Pair {
    /// Whether a host has the service to offer, going by what its agent says.
    static func stands(_ service: String, in status: HostStatus?) -> Bool {
        status?.services.first { $0.name == service }?.state == .running
    }
}

extension Host {
    /// Whether a service belongs on this host, going by its roles.
    func runs(_ service: String) -> Bool {
        switch service {
        case "haproxy": has(.balancer)
        case "nginx": has(.web) || has(.app)
        case "mysql": has(.database)
        default: has(.app)
        }
    }
}

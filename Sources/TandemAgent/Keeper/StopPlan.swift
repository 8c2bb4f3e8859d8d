import Foundation
import Logging
import TandemBlueprint
import TandemStack
import TandemTopology

/// Stops a stack in the opposite order of its start: the front first, the primary last.
///
/// The primary is closed before the replicas stop following, so that everything it acknowledged is on its partner; the
/// replicas stop before the primary, since a primary with a replica attached takes 10 s to shut down.
struct StopPlan: Sendable {
    let applied: AppliedStack
    let folder: StackFolder
    let logger: Logger

    private static let front: [(ServiceName, Role)] = [
        (.haproxy, .balancer), (.nginx, .web), (.app, .app), (.router, .app),
    ]

    /// - Parameter did: told of each step that is done, with the seconds it took.
    func run(_ did: @Sendable (String, Double) async -> Void) async {
        guard
            let client = try? AgentClient(
                stack: applied.stack.name, hosts: applied.stack.hosts,
                certificate: folder.clientCertificateFile, key: folder.clientKeyFile, ca: folder.agentsCAFile)
        else {
            logger.error("cannot call the agents: their certificate cannot be read; ending every process instead")
            return
        }
        let hosts = applied.stack.hosts
        for (service, role) in Self.front {
            let those = service == .nginx ? hosts.filter { $0.has(.web) || $0.has(.app) } : applied.stack.hosts(role)
            await step("\(service.rawValue) stopped", did) { await stop(service, on: those, client) }
        }
        await stopDatabases(client, did)
        await client.shutdown()
    }

    private func stopDatabases(_ client: AgentClient, _ did: @Sendable (String, Double) async -> Void) async {
        let databases = applied.stack.hosts(.database)
        guard let intended = Placement.intended(databaseHosts: databases.map(\.name)) else { return }
        let primary = databases.filter { $0.name == intended.primary }
        let replicas = databases.filter { $0.name != intended.primary }
        await step("primary closed to writes", did) {
            for host in primary {
                do { try await client.fence(host) } catch { logger.warning("fencing \(host.name): \(error)") }
            }
        }
        if !replicas.isEmpty {
            await step("replica stopped", did) { await stop(.mysql, on: replicas, client) }
        }
        await step("primary stopped", did) { await stop(.mysql, on: primary, client) }
    }

    private func stop(_ service: ServiceName, on hosts: [Host], _ client: AgentClient) async {
        let bound = service == .app ? applied.stack.app.stopTimeoutSeconds + 10 : 30
        await withDiscardingTaskGroup { group in
            for host in hosts {
                group.addTask {
                    do {
                        try await client.stop(service, on: host, timeout: .seconds(bound))
                    } catch {
                        logger.warning("stopping \(service.rawValue) on \(host.name): \(error)")
                    }
                }
            }
        }
    }

    private func step(
        _ text: String, _ did: @Sendable (String, Double) async -> Void, _ body: () async -> Void
    ) async {
        let start = ContinuousClock.now
        await body()
        await did(text, (ContinuousClock.now - start) / .seconds(1))
    }
}

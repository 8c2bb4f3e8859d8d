import Foundation
public import Logging
public import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

/// Stops a stack in the opposite order of its start: the front first, the primary last.
///
/// The replicas stop before the primary, which so is the one that begins alone at the next start; each host's driver
/// closes its server before it ends it. etcd comes after all else: it is where the others are to say what they did.
public struct StopPlan: Sendable {
    let applied: AppliedStack
    let folder: StackFolder
    let logger: Logger

    public init(applied: AppliedStack, folder: StackFolder, logger: Logger) {
        self.applied = applied
        self.folder = folder
        self.logger = logger
    }

    /// One thing that is done on several hosts at the same time.
    struct Step: Equatable {
        var service: ServiceName
        var hosts: [Host]
        /// What is said of it once it is done.
        var text: String
    }

    /// What is done, one after the other.
    /// - Parameters:
    ///   - primary: the host that leads. Where none of the databases does, all of them stop together.
    ///   - hasStore: whether the stack runs etcd; an earlier version's did not.
    static func steps(_ stack: Stack, primary: String?, hasStore: Bool) -> [Step] {
        let store = Step(service: .etcd, hosts: stack.voters, text: "etcd stopped")
        return steps(stack, primary: primary) + (hasStore ? [store] : [])
    }

    private static func steps(_ stack: Stack, primary: String?) -> [Step] {
        var steps = ServiceName.inStopOrder.prefix { $0 != .mysql }.compactMap { service -> Step? in
            let hosts = ServiceDescription(of: service).hosts(stack)
            return hosts.isEmpty ? nil : Step(service: service, hosts: hosts, text: "\(service.rawValue) stopped")
        }
        let databases = stack.hosts(.database)
        let leading = databases.filter { $0.name == primary }
        let primaries = leading.isEmpty ? databases : leading
        let replicas = databases.filter { !primaries.contains($0) }
        for (hosts, text) in [(replicas, "replica stopped"), (primaries, "primary stopped")] where !hosts.isEmpty {
            steps.append(Step(service: .mysql, hosts: hosts, text: text))
        }
        return steps
    }

    /// - Parameter did: told of each step that is done, with the seconds it took.
    public func run(_ did: @Sendable (String, Double) async -> Void) async {
        guard
            let client = try? AgentClient(
                stack: applied.stack.name, hosts: applied.stack.hosts,
                certificate: folder.clientCertificateFile, key: folder.clientKeyFile, ca: folder.agentsCAFile)
        else {
            logger.error("cannot call the agents: their certificate cannot be read; ending every process instead")
            return
        }
        // Asked before anything stops: agents know it best while their databases run.
        let placement = await PlacementReader(stack: applied.stack, folder: folder, client: client).placement()
        let hasStore = applied.programs.etcd != nil
        for step in Self.steps(applied.stack, primary: placement?.primary, hasStore: hasStore) {
            let start = ContinuousClock.now
            await stop(step.service, on: step.hosts, client)
            await did(step.text, (ContinuousClock.now - start) / .seconds(1))
        }
        await client.shutdown()
    }

    private func stop(_ service: ServiceName, on hosts: [Host], _ client: AgentClient) async {
        let bound = [.app, .worker, .job].contains(service) ? applied.stack.app.longestStopSeconds + 10 : 30
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
}

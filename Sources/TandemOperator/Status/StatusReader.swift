import TandemAgent
import TandemServices
import TandemStack
import TandemTopology

/// Asks every agent of a stack how things are.
package struct StatusReader: Sendable {
    package var applied: AppliedStack
    package var folder: StackFolder
    var client: AgentClient

    package init(applied: AppliedStack, folder: StackFolder, client: AgentClient) {
        self.applied = applied
        self.folder = folder
        self.client = client
    }

    package func read() async -> StackStatus {
        // By whom was asked: an agent speaks for its own host alone.
        let answers = await withTaskGroup(of: (host: String, answer: HostStatus?).self) { group in
            for host in applied.stack.hosts {
                group.addTask { (host.name, try? await client.status(of: host)) }
            }
            return await group.reduce(into: [String: HostStatus]()) { $0[$1.host] = $1.answer }
        }
        return StackStatus(
            applied: applied, keeping: StackKeeping.load(folder), answers: answers,
            topology: await topology(answers))
    }

    private func topology(_ answers: [String: HostStatus]) async -> Topology? {
        var stack = applied.stack
        stack.hosts.removeAll { answers[$0.name] == nil }
        return await PlacementReader(stack: stack, folder: folder, client: client).topology()
    }
}

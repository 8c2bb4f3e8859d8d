import TandemAgent
import TandemServices
import TandemStack
import TandemTopology

/// Asks every agent of a stack how things are.
struct StatusReader: Sendable {
    var applied: AppliedStack
    var folder: StackFolder
    var client: AgentClient

    func read() async -> StackStatus {
        let answers = await withTaskGroup(of: HostStatus?.self) { group in
            for host in applied.stack.hosts {
                group.addTask { try? await client.status(of: host) }
            }
            var answers: [String: HostStatus] = [:]
            for await answer in group {
                if let answer { answers[answer.host] = answer }
            }
            return answers
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

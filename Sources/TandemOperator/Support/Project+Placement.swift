import TandemAgent
import TandemTopology

extension Project {
    /// Who leads: by what the agents of a stack say, and else by what they wrote down; nil where there is no database
    /// host.
    /// - Parameter isRunning: whether there are agents to call.
    package func placement(of applied: AppliedStack, isRunning: Bool = true) async -> Placement? {
        let client = isRunning ? try? agentClient() : nil
        let placement = await PlacementReader(stack: applied.stack, folder: folder, client: client).placement()
        await client?.shutdown()
        return placement
    }
}

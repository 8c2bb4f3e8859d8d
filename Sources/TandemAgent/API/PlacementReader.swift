public import TandemStack
public import TandemTopology

/// Finds out who leads: from the agents that answer, and else from what they wrote down.
public struct PlacementReader: Sendable {
    private let stack: Stack
    private let folder: StackFolder
    /// To call the agents; nil where none of them runs, or the caller has no certificate for it.
    private let client: AgentClient?

    public init(stack: Stack, folder: StackFolder, client: AgentClient?) {
        self.stack = stack
        self.folder = folder
        self.client = client
    }

    /// What the agents say; nil when none answers.
    public func topology() async -> Topology? {
        guard let client else { return nil }
        // Those of the databases know best. The others know, too, and are asked when none of these answers.
        for isDatabase in [true, false] {
            let hosts = stack.hosts.filter { $0.has(.database) == isDatabase }
            let answers = await withTaskGroup(of: (host: String, topology: Topology)?.self) { group in
                for host in hosts {
                    group.addTask { (try? await client.topology(from: host)).map { (host.name, $0) } }
                }
                return await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
            }
            if let believed = Topology.believed(answers) { return believed }
        }
        return nil
    }

    /// nil where there is no database host.
    public func placement() async -> Placement? { placement(said: await topology()) }

    /// Who leads by what the agents wrote down when they last ran. No agent is called. nil where there is no database
    /// host.
    public var recorded: Placement? { placement(said: nil) }

    private func placement(said: Topology?) -> Placement? {
        Placement.known(
            said: said, recorded: PlacementRecord.all(in: folder), databaseHosts: stack.hosts(.database).map(\.name))
    }
}

import TandemOperator
import TandemSimulation
import TandemStack

extension SimulationTopology {
    /// The hosts of a stack that hold data or vote.
    ///
    /// - Throws: `SimulationError` where these are too few, or too many.
    init(_ stack: Stack) throws {
        let data = stack.hosts(.database)
        let witnesses = stack.voters.filter { !$0.has(.database) }
        try self.init(
            dataNodes: data.count, witnesses: witnesses.count, names: data.map(\.name) + witnesses.map(\.name))
    }

    /// - Throws: `Failure` with status 3 where the file is wrong, or its hosts could not elect anybody.
    init(stackFile: String) throws {
        let stack = try Project.load(file: stackFile).stack
        do {
            try self.init(stack)
        } catch {
            throw Failure(.stackFile, "\(stackFile) cannot be simulated: \(error)")
        }
    }
}

import TandemSimulation
import TandemStack

extension SimulationTopology {
    /// The hosts of a stack that hold data or vote: every host with a database, and the first one without, as a witness.
    ///
    /// - Throws: `SimulationError` where these are too few, or too many.
    init(_ stack: Stack) throws {
        let data = stack.hosts(.database)
        let witnesses = stack.hosts.filter { !$0.has(.database) }.prefix(1)
        try self.init(
            dataNodes: data.count, witnesses: witnesses.count, names: data.map(\.name) + witnesses.map(\.name))
    }

    /// - Throws: `Failure` with status 3 where the file is wrong, or its hosts could not elect anybody.
    init(stackFile: String) throws {
        var options = ProjectOptions()
        options.file = stackFile
        let stack = try Project.load(options).stack
        do {
            try self.init(stack)
        } catch {
            throw Failure(.stackFile, "\(stackFile) cannot be simulated: \(error)")
        }
    }
}

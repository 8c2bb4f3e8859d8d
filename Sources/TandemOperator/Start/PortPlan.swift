import TandemAgent
import TandemBlueprint
import TandemStack

/// Makes sure, before anything starts, that everything can listen where it is declared.
struct PortPlan: Sendable {
    var applied: AppliedStack
    var folder: StackFolder

    init(applied: AppliedStack, folder: StackFolder) {
        self.applied = applied
        self.folder = folder
    }

    /// The stack with front ports that are free: a taken one is replaced, unless the stack file fixes it.
    /// - Throws: `StackFileProblems` for taken ports that the stack file fixes; else `StateError` that names every
    ///   address that is taken. Both say by whom.
    func resolved() throws -> AppliedStack {
        var result = applied
        var problems: [String] = []
        try checkFixed()
        // Neither may move to where the other one is to be.
        let http = result.stack.balancer.httpPort.number
        problems += chooseFront(&result.stack.balancer.httpsPort, avoiding: http)
        problems += chooseFront(
            &result.stack.balancer.httpPort, avoiding: result.stack.balancer.httpsPort.number)
        for host in result.stack.hosts {
            problems += try self.problems(host, result)
        }
        guard problems.isEmpty else {
            throw StateError(
                problems.joined(separator: "\n")
                    + "\nEnd what is listening there, or choose other addresses or ports in the stack file.")
        }
        return result
    }

    /// What stands in the way of places where nothing of this stack listens yet.
    /// - Parameters:
    ///   - known: `ADDRESS:PORT` of what the stack itself listens on.
    ///   - isNew: whether a host's agent is new as well.
    func problems(besides known: Set<String>, isNew: (String) -> Bool) throws -> [String] {
        var problems: [String] = []
        for host in applied.stack.hosts {
            for (name, listener) in try listeners(host, applied)
            where !known.contains("\(listener.address):\(listener.port)") && (name != "agent" || isNew(host.name)) {
                if let problem = ListenerCheck.problem(address: listener.address, port: listener.port) {
                    problems.append("\(host.name): \(name): \(problem)")
                }
            }
        }
        return problems
    }

    private func checkFixed() throws {
        let balancer = applied.stack.balancer
        let problems: [StackFileProblems.Problem] = [
            ("https_port", balancer.httpsPort), ("http_port", balancer.httpPort),
        ].compactMap { key, port in
            guard port.isFixed else { return nil }
            return ListenerCheck.problem(address: applied.frontAddress, port: port.number).map {
                .init(path: ["balancer", key], message: "\($0); end it, or choose another port")
            }
        }
        guard problems.isEmpty else { throw StackFileProblems(problems: problems) }
    }

    /// How far from the wanted port a free one is looked for.
    private static let searchRange = 200

    private func chooseFront(_ port: inout Port, avoiding other: Int) -> [String] {
        let address = applied.frontAddress
        guard let problem = ListenerCheck.problem(address: address, port: port.number) else { return [] }
        // The others were checked before, and may be taken since.
        if port.isFixed { return ["front: \(problem)"] }
        for candidate in port.number + 1...port.number + Self.searchRange
        where candidate < 65536 && candidate != other
            && !Ports.reserved.contains(where: { $0.port == candidate })
        {
            if ListenerCheck.problem(address: address, port: candidate) == nil {
                port.number = candidate
                return []
            }
        }
        return ["front: \(problem), and so are the next \(Self.searchRange) ports"]
    }

    private func problems(_ host: Host, _ applied: AppliedStack) throws -> [String] {
        try listeners(host, applied).compactMap { name, listener in
            ListenerCheck.problem(address: listener.address, port: listener.port)
                .map { "\(host.name): \(name): \($0)" }
        }
    }

    private func listeners(
        _ host: Host, _ applied: AppliedStack
    ) throws -> [(name: String, listener: ServiceBlueprint.Listener)] {
        let blueprint = try HostBlueprint(
            stack: applied.stack, host: host, layout: folder.layout(host: host.name, applied: applied))
        let services = blueprint.services.flatMap { service in service.listeners.map { (service.statusName, $0) } }
        return services + HostBlueprint.agentListeners(of: host).map { ("agent", $0) }
    }
}

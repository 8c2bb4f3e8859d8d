import TandemFailover

/// The hosts to simulate: data nodes first, then witnesses. All witnesses vote in etcd, and so many data nodes that the
/// number of voters is odd.
public struct SimulationTopology: Codable, Hashable, Sendable {
    public var dataNodes: Int
    public var witnesses: Int
    /// Names for stories, data nodes first. Hosts beyond it are numbered.
    public var names: [String]

    /// - Throws: `SimulationError` unless there are 2 to 9 data nodes, at most 9 witnesses, and three voters.
    public init(dataNodes: Int, witnesses: Int = 1, names: [String] = []) throws {
        guard (2...9).contains(dataNodes) else {
            throw SimulationError("a simulation needs 2 to 9 data nodes, not \(dataNodes)")
        }
        guard (0...9).contains(witnesses), dataNodes + witnesses >= 3 else {
            throw SimulationError(
                "a simulation needs three hosts that can vote: "
                    + "\(dataNodes) data nodes and \(witnesses) witnesses are too few, or more than nine witnesses")
        }
        self.init(uncheckedDataNodes: dataNodes, witnesses: witnesses, names: names)
    }

    private init(uncheckedDataNodes dataNodes: Int, witnesses: Int, names: [String]) {
        self.dataNodes = dataNodes
        self.witnesses = witnesses
        self.names = names
    }

    /// Two data nodes and a witness: the smallest stack.
    public static let smallest = SimulationTopology(uncheckedDataNodes: 2, witnesses: 1, names: [])

    var hostCount: Int { dataNodes + witnesses }

    var voters: Int { hostCount % 2 == 1 ? hostCount : hostCount - 1 }

    /// The last data node goes without a vote where their number is even.
    func isVoter(_ host: Int) -> Bool { voters == hostCount || host != dataNodes - 1 }

    func name(_ host: Int) -> String {
        if host < names.count { return names[host] }
        return host < dataNodes ? "server\(host + 1)" : "lb\(host - dataNodes + 1)"
    }

    func configuration(of host: Int) -> FailoverConfiguration {
        FailoverConfiguration(
            host: HostID(host), dataHosts: HostSet(bits: (1 << UInt64(dataNodes)) - 1),
            members: HostSet(bits: (1 << UInt64(hostCount)) - 1))
    }
}

/// What was asked of the simulator cannot be done.
public struct SimulationError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

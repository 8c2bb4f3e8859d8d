import TandemStack

extension HostBlueprint {
    /// Where something of the stack accepts connections on this host: its services, and the agent.
    public var listeners: [ServiceBlueprint.Listener] { services.flatMap(\.listeners) + Self.agentListeners(of: host) }

    /// The ports of a host that are to answer others: where the stack's own processes listen for them, and SSH.
    public static func openPorts(_ listeners: [ServiceBlueprint.Listener], of host: Host, in stack: Stack) -> Set<Int> {
        Set(listeners.filter { $0.reach != .host }.map(\.port) + stack.ssh.ports(of: host))
    }

    /// The agent's API, its verdicts for the router and its word on who is primary.
    public static func agentListeners(of host: Host) -> [ServiceBlueprint.Listener] {
        [
            .init(address: host.address, port: Ports.agent, reach: .stack),
            .init(address: host.loopbackAddress, port: Ports.agentCheck, reach: .host),
            .init(address: host.loopbackAddress, port: Ports.agentTopology, reach: .host),
        ]
    }
}

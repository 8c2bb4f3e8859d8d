import TandemStack

extension HostBlueprint {
    /// Where something of the stack accepts connections on this host: its services, and the agent.
    public var listeners: [ServiceBlueprint.Listener] { services.flatMap(\.listeners) + Self.agentListeners(of: host) }

    /// The agent's API, its verdicts for the router and its word on who is primary.
    public static func agentListeners(of host: Host) -> [ServiceBlueprint.Listener] {
        [
            .init(address: host.address, port: Ports.agent, reach: .stack),
            .init(address: host.loopbackAddress, port: Ports.agentCheck, reach: .host),
            .init(address: host.loopbackAddress, port: Ports.agentTopology, reach: .host),
        ]
    }
}

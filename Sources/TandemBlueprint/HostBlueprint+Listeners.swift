import TandemStack

extension HostBlueprint {
    /// Where something of the stack accepts connections on this host: its services, and the agent.
    public var listeners: [ServiceBlueprint.Listener] { services.flatMap(\.listeners) + Self.agentListeners(of: host) }

    /// See `HostAgent`: its API, its verdicts for the router and its word on who is primary.
    static func agentListeners(of host: Host) -> [ServiceBlueprint.Listener] {
        [
            .init(address: host.address, port: Ports.agent),
            .init(address: host.loopbackAddress, port: Ports.agentCheck),
            .init(address: host.loopbackAddress, port: Ports.agentTopology),
        ]
    }
}

import NIOCore
import NIOPosix
import TandemBlueprint
import TandemServices
import TandemStack
import TandemTopology

/// Looks now and then at whether what is not the stack's, on another host, answers this one: its firewall is to keep
/// that shut.
///
/// On hosts that are machines of their own. Each looks at the next one in the stack file, the last one at the first.
actor PortWatch {
    private let next: Host
    private let status: @Sendable (Host) async throws -> HostStatus
    private let interval: Duration
    /// What answered at the last look; nil where nothing did.
    private(set) var found: StrangeAnswers?

    /// A port more or less does not matter where there are so many.
    static let most = 64
    /// For a connection. A port that the firewall keeps shut says nothing.
    static let patience = TimeAmount.seconds(2)

    /// - Parameter status: asks a host's agent.
    /// - Returns: nil where there is nothing to look at: hosts of one machine have no firewall.
    init?(
        host: Host, stack: Stack, interval: Duration = .seconds(60),
        status: @escaping @Sendable (Host) async throws -> HostStatus
    ) {
        guard !host.isOnLoopback else { return nil }
        self.init(host: host, among: stack.hosts, interval: interval, status: status)
    }

    init?(
        host: Host, among hosts: [Host], interval: Duration,
        status: @escaping @Sendable (Host) async throws -> HostStatus
    ) {
        guard let place = hosts.firstIndex(where: { $0.name == host.name }), hosts.count > 1 else { return nil }
        next = hosts[(place + 1) % hosts.count]
        self.interval = interval
        self.status = status
    }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await look()
            try? await Ticks.next(every: interval)
        }
    }

    func look() async {
        // One that does not answer has its own warning.
        let listening = (try? await status(next))?.strangePorts ?? []
        let open = await Self.answering(Set(listening).prefix(Self.most), of: next)
        found =
            open.isEmpty ? nil : StrangeAnswers(host: next.name, ports: open.sorted { $0.port < $1.port })
    }

    private static func answering(_ ports: some Sequence<StrangePort>, of host: Host) async -> [StrangePort] {
        await withTaskGroup(of: StrangePort?.self) { group in
            for port in ports where (1...65_535).contains(port.port) {
                group.addTask { await answers(host.address, port.port) ? port : nil }
            }
            return await group.reduce(into: []) { if let port = $1 { $0.append(port) } }
        }
    }

    private static func answers(_ address: String, _ port: Int) async -> Bool {
        let connecting = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(patience)
        guard let channel = try? await connecting.connect(host: address, port: port).get() else { return false }
        try? await channel.close()
        return true
    }

    /// Where something listens on a host for others, besides the stack and SSH.
    /// - Parameter sockets: of the host.
    static func strange(_ sockets: ListeningSockets, on host: Host, stack: Stack, blueprint: HostBlueprint)
        -> [StrangePort]
    {
        let declared = HostBlueprint.openPorts(blueprint.listeners, of: host, in: stack)
        let found = sockets.all.filter { ($0.isForAll || $0.address == host.address) && !declared.contains($0.port) }
        let ports = Dictionary(found.map { ($0.port, $0.user) }, uniquingKeysWith: { first, _ in first })
        return ports.sorted { $0.key < $1.key }.prefix(most)
            .map { StrangePort(port: $0.key, account: PortGuard.account($0.value)) }
    }
}

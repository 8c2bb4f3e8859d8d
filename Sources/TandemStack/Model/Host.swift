/// A machine with an address and roles; on a laptop, a loopback address of its own.
public struct Host: Codable, Sendable, Equatable {
    /// A DNS label, unique in the stack, 1 to 63 characters.
    public var name: String
    /// An IPv4 address in dotted decimal, unique in the stack.
    public var address: String
    /// Without repetitions, in the order of `Role.allCases`.
    public var roles: [Role]

    public init(name: String, address: String, roles: [Role]) {
        self.name = name
        self.address = address
        self.roles = roles
    }

    public func has(_ role: Role) -> Bool { roles.contains(role) }

    /// Whether the address lies in 127.0.0.0/8.
    public var isOnLoopback: Bool { address.hasPrefix("127.") }

    /// The address on which this host's processes reach each other without the network: the host's own
    /// address where that is a loopback address (several hosts share one machine), else 127.0.0.1.
    public var loopbackAddress: String { isOnLoopback ? address : "127.0.0.1" }
}

/// What a host does in the stack. One host may have any number of roles.
public enum Role: String, Codable, Sendable, CaseIterable {
    case balancer
    case web
    case app
    case database
    /// A vote in etcd, on a host without data; see `Stack.voters`.
    case witness
    /// Prometheus and Alertmanager; see `Stack.monitors`.
    case monitor

    /// Those without which there is no stack.
    public static let required: [Role] = [.balancer, .web, .app, .database]
}

extension [Role] {
    /// Whether such a host serves users as a balancer and in no other way. A vote in etcd and a watch over the stack
    /// serve the stack, not its users.
    public var areOfBalancerOnly: Bool {
        contains(.balancer) && allSatisfy { [.balancer, .witness, .monitor].contains($0) }
    }
}

/// The `ssh` section, and what hosts say of themselves: how the operator's machine reaches the hosts.
public struct SSHAccess: Sendable, Equatable {
    /// For hosts that name no user of their own; nil: OpenSSH's configuration decides.
    public var user: String?
    /// For hosts that name no port of their own; nil: OpenSSH's configuration decides.
    public var port: Int?
    /// A file in the form of ssh_config(5), as an absolute path; nil: the user's own and the machine's.
    public var configuration: String?
    /// By the host's name; a host that is not there is reached at its address.
    public var destinations: [String: SSHDestination]

    public init(
        user: String? = nil, port: Int? = nil, configuration: String? = nil,
        destinations: [String: SSHDestination] = [:]
    ) {
        self.user = user
        self.port = port
        self.configuration = configuration
        self.destinations = destinations
    }

    private static let standardPort = 22

    /// Where a host's sshd may listen. The port that OpenSSH is given may be another one than sshd's own, where
    /// something in between translates it.
    public func ports(of host: Host) -> [Int] {
        let own = destinations[host.name]?.port
        return [port ?? Self.standardPort] + (own.map { [$0] } ?? [])
    }

    public func destination(of host: Host) -> SSHDestination {
        var destination = destinations[host.name] ?? SSHDestination(name: host.address)
        destination.user = destination.user ?? user
        destination.port = destination.port ?? port
        return destination
    }
}

/// What OpenSSH is given to reach one host.
public struct SSHDestination: Sendable, Equatable, CustomStringConvertible {
    public var user: String?
    /// A name of ssh_config(5), a domain name or an address; an IPv6 address stands without brackets.
    public var name: String
    public var port: Int?

    public init(user: String? = nil, name: String, port: Int? = nil) {
        self.user = user
        self.name = name
        self.port = port
    }

    /// `[USER@]NAME[:PORT]`, an IPv6 address in brackets; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        var rest = parts.last ?? ""
        if parts.count == 2 {
            guard Grammar.isUserName(String(parts[0])) else { return nil }
            user = String(parts[0])
        }
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            let address = rest[rest.index(after: rest.startIndex)..<end]
            guard Grammar.isAddressWithColons(address) else { return nil }
            name = String(address)
            rest = rest[rest.index(after: end)...]
            guard !rest.isEmpty else { return }
            guard rest.removeFirst() == ":" else { return nil }
        } else {
            let halves = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard Grammar.isReachableName(String(halves[0])) else { return nil }
            name = String(halves[0])
            guard halves.count == 2 else { return }
            rest = halves[1]
        }
        guard let number = Quantity.decimal(rest), (1...65535).contains(number) else { return nil }
        port = number
    }

    /// As in a stack file.
    public var description: String {
        let shown = name.contains(":") ? "[\(name)]" : name
        return (user.map { "\($0)@" } ?? "") + shown + (port.map { ":\($0)" } ?? "")
    }

    /// As one types it, to log in by hand.
    public var commandLine: String {
        "ssh " + (port.map { "-p \($0) " } ?? "") + (user.map { "\($0)@" } ?? "") + name
    }
}

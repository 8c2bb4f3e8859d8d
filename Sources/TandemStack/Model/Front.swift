/// The `front` section: where users reach the stack.
public struct Front: Codable, Sendable, Equatable {
    /// Each is on one balancer at a time, and moves to another one when that fails; empty where the file says `none`.
    public var addresses: [MovingAddress]
    /// The network interface of every balancer that they are put on; nil: the one that has the host's own address.
    public var interface: String?
    /// Of a stack on one machine: the IPv4 address of that machine on which it is shown to the network. nil: to this
    /// machine alone.
    public var listen: String?

    public init(addresses: [MovingAddress] = [], interface: String? = nil, listen: String? = nil) {
        self.addresses = addresses
        self.interface = interface
        self.listen = listen
    }

    /// More would spend their time telling each other that they are there.
    public static let mostBalancers = 16
}

/// An IPv4 address that no host owns for good.
public struct MovingAddress: Codable, Sendable, Equatable {
    /// In dotted decimal.
    public var address: String
    /// 1 to 32; 32 says nothing of the network that it lies in, which no host needs to know to answer for it.
    public var prefixLength: Int

    public init(address: String, prefixLength: Int = 32) {
        self.address = address
        self.prefixLength = prefixLength
    }

    /// `ADDRESS` or `ADDRESS/LENGTH`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard Grammar.isAddress(String(parts[0])) else { return nil }
        address = String(parts[0])
        prefixLength = 32
        guard parts.count == 2 else { return }
        guard let length = Quantity.decimal(parts[1]), (1...32).contains(length) else { return nil }
        prefixLength = length
    }

    /// Whether it is the name of its network, or means all of it.
    var isNetworksOwn: Bool {
        guard prefixLength < 31 else { return false }
        let bits = address.split(separator: ".").reduce(UInt32(0)) { $0 << 8 | (UInt32($1) ?? 0) }
        let mask = UInt32.max >> UInt32(prefixLength)
        return bits & mask == 0 || bits & mask == mask
    }
}

extension Stack {
    /// Where the front of a stack on one machine listens.
    public var listenAddress: String { front?.listen ?? "127.0.0.1" }

    /// Whether others than this machine reach a stack on one machine.
    public var isShownToNetwork: Bool { isOnThisMachine && !listenAddress.hasPrefix("127.") }

    /// The address by which others reach it; nil where none do.
    public var shownAddress: String? { isShownToNetwork ? listenAddress : nil }

    /// The addresses that move between the balancers.
    public var frontAddresses: [MovingAddress] { front?.addresses ?? [] }

    /// The balancers in the order in which they are to have one of `frontAddresses`: each address has another one
    /// first.
    public func balancers(forAddress index: Int) -> [Host] {
        let balancers = hosts(.balancer)
        guard !balancers.isEmpty else { return [] }
        let first = index % balancers.count
        return Array(balancers[first...] + balancers[..<first])
    }
}

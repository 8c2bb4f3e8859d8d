/// Gives out the addresses of hosts that have none: a /24 in 127.0.0.0/8 that follows from the stack's name.
///
/// Two stacks with different names rarely meet (28,416 networks), and 127.0 to 127.15 stay free for what else
/// uses loopback addresses on a machine.
struct LoopbackAddresses {
    static let hostLimit = 200

    /// With the dot at its end.
    let network: String
    private var taken: Set<String>

    init(stack: String, taken: Set<String>) {
        let hash = StableHash.bits32(stack)
        network = "127.\(16 + hash % 111).\(hash / 111 % 256)."
        self.taken = taken
    }

    /// Hosts that only balance count from 11, the others from 21: one sees in a log what answered.
    mutating func next(isBalancerOnly: Bool) -> String {
        // At most `hostLimit` are given or taken, so that one is always free below 255.
        let free = ((isBalancerOnly ? 11 : 21)...254).lazy.map { [network] in "\(network)\($0)" }
            .first { [taken] in !taken.contains($0) }
        let address = free ?? "\(network)254"
        taken.insert(address)
        return address
    }

    /// Gives an address to the host that had it before.
    /// - Returns: false when it is not of this stack's network, or somebody else has it now.
    mutating func keep(_ address: String) -> Bool {
        address.hasPrefix(network) && taken.insert(address).inserted
    }
}

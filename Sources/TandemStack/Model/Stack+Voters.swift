extension Stack {
    /// The most hosts that vote: each change has to reach more than half of them.
    public static let mostVoters = 7

    /// The hosts that run etcd, in the order of the file: an odd number of them, so that no half can stand against the
    /// other.
    ///
    /// Every host with data votes, and every witness. Where no host is a witness, and the hosts with data are an even
    /// number, the first balancer without data votes besides, else the first host without data; where every host has
    /// data, the last of these does not. One host with data, or one host alone, votes alone: two votes are lost with
    /// either of them.
    public var voters: [Host] {
        let data = hosts(.database)
        let witnesses = hosts.filter { $0.has(.witness) && !$0.has(.database) }
        var names = Set(data.prefix(Self.mostVoters).map(\.name))
        if !witnesses.isEmpty {
            names.formUnion(data.map(\.name) + witnesses.map(\.name))
        } else if names.count > 1, names.count.isMultiple(of: 2) {
            let others = hosts.filter { !$0.has(.database) }
            if let witness = others.first(where: { $0.has(.balancer) }) ?? others.first {
                names.insert(witness.name)
            } else if let last = data.last {
                names.remove(last.name)
            }
        }
        return hosts.filter { names.contains($0.name) }
    }

    public func votes(_ host: Host) -> Bool { voters.contains { $0.name == host.name } }
}

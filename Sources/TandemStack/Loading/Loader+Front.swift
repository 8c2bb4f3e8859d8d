extension Loader {
    /// nil where the file says nothing.
    /// - Parameter areHostsFine: whether what follows from them may be told; what is wrong with them is told once.
    mutating func front(in root: OpenSection, hosts: [Host], areHostsFine: Bool) -> Front? {
        let section = open("front", of: root, as: Schema.front)
        let interface = optionalText("interface", in: section)
        if let listen = listenAddress(in: section, hosts: areHostsFine ? hosts : []) {
            if let other = section.entries["address"] ?? section.entries["interface"] {
                problems.add(
                    "front.listen: it is for a stack on one machine, and front.address for hosts of their own; expected one of both",
                    at: other.value.position)
            }
            return Front(listen: listen)
        }
        guard let entry = section.entries["address"] else {
            if let interface {
                problems.add(
                    "front.interface: there is no front.address that could be put on it; expected both, or neither",
                    at: interface.position)
            }
            return nil
        }
        let addresses = movingAddresses(entry.value, name: section.fullName("address"), hosts: hosts)
        if let first = addresses.first, areHostsFine, !hosts.isEmpty {
            checkBalancers(addresses.map(\.position), first.position, hosts)
        }
        return Front(addresses: addresses.map(\.value), interface: interface?.value)
    }

    private mutating func listenAddress(in section: OpenSection, hosts: [Host]) -> String? {
        guard let found = optionalText("listen", in: section) else { return nil }
        if !hosts.allSatisfy(\.isOnLoopback) {
            problems.add(
                "front.listen: the hosts of this stack have addresses of their own, on which its balancers listen; expected no such key",
                at: found.position)
        }
        return found.value
    }

    private mutating func movingAddresses(
        _ tree: Tree, name: String, hosts: [Host]
    ) -> [(value: MovingAddress, position: Position)] {
        let kind = Schema.Kind.movingAddresses
        var items: [Tree] = []
        switch tree.content {
        case .refused: return []
        case .scalar(let scalar) where scalar.text == "none": return []
        case .sequence(let list): items = list
        case .scalar where !tree.isNothing: items = [tree]
        case .scalar, .mapping: break
        }
        if items.isEmpty { problems.add("\(name): \(kind.mismatch(tree.summary).message)", at: tree.position) }
        var found: [(value: MovingAddress, position: Position)] = []
        for item in items {
            if case .refused = item.content { continue }
            do throws(Complaint) {
                guard case .scalar(let scalar) = item.content else { throw kind.mismatch(item.summary) }
                let address = try Self.movingAddress(scalar, hosts: hosts)
                if let first = found.first(where: { $0.value.address == address.address }) {
                    throw Complaint(
                        "\(address.address) is in the list twice; first in line \(first.position.line)")
                }
                found.append((address, item.position))
            } catch {
                problems.add("\(name): \(error.message)", at: item.position)
            }
        }
        return found
    }

    private static func movingAddress(_ scalar: Scalar, hosts: [Host]) throws(Complaint) -> MovingAddress {
        guard let address = MovingAddress(scalar.text) else {
            if let network = Network(scalar.text), network.isIPv6 {
                throw Complaint(
                    "hosts have IPv4 addresses; expected an address of the same kind, found \(scalar.summary)")
            }
            throw Schema.Kind.movingAddresses.mismatch(scalar)
        }
        if address.address.hasPrefix("127.") {
            throw Complaint(
                "\(address.address) is a loopback address; expected one of the network that the balancers share")
        }
        if let host = hosts.first(where: { $0.address == address.address }) {
            throw Complaint(
                "\(address.address) is the address of \(host.name), which keeps it; expected one that no host has")
        }
        if address.isNetworksOwn {
            throw Complaint("\(scalar.text) stands for a network as a whole; expected the address of one machine in it")
        }
        return address
    }

    private mutating func checkBalancers(_ addresses: [Position], _ position: Position, _ hosts: [Host]) {
        guard !hosts.allSatisfy(\.isOnLoopback) else {
            problems.add(
                "front.address: the hosts of this stack are this one machine, so there is nowhere to move an address to; "
                    + "give the hosts addresses of machines of their own",
                at: position)
            return
        }
        let balancers = hosts.filter { $0.has(.balancer) }
        if balancers.count < 2 {
            problems.add(
                "front.address: an address moves between balancers, and there is only \(balancers.first?.name ?? "one"); "
                    + "give a second host the role balancer, or say 'none'",
                at: position)
        } else if balancers.count > Front.mostBalancers {
            problems.add(
                "front.address: \(balancers.count) hosts are balancers; expected at most \(Front.mostBalancers) where "
                    + "addresses move between them",
                at: position)
        } else if addresses.count > balancers.count {
            problems.add(
                "front.address: \(addresses.count) addresses for \(balancers.count) balancers; expected at most one for each",
                at: addresses[balancers.count])
        }
    }
}

public import TandemStack
public import TandemTopology

/// Everything between what runs and what the stack file asks for, in the order in which it is taken up.
public struct StackChange: Sendable, Equatable {
    /// In the order of the roll-out: hosts that are new; then those that stay, one after the other; then those that
    /// leave. Hosts without a change are among those that stay, because they are told of the others.
    public var hosts: [HostChange]

    public init(hosts: [HostChange]) { self.hosts = hosts }

    /// Whether nothing at all is to be done.
    public var isEmpty: Bool { hosts.allSatisfy { $0.kind == .unchanged } }

    /// Whether any process of the app, or a worker, starts with it.
    public var startsApp: Bool {
        hosts.flatMap(\.services).contains { service in
            [.start, .restart].contains(service.step)
                && [.app, .worker].contains(ServiceName(statusName: service.service))
        }
    }

    /// - Parameters:
    ///   - old: what runs, in the order of its stack; empty when nothing does.
    ///   - new: what is to run, in the order of the stack file.
    ///   - primary: the host whose database takes the writes: it comes last among the servers.
    ///   - broken: hosts of which something does not run: they come first, so that a change that mends them does so
    ///     before the healthy ones are touched.
    public init(
        from old: [HostVersion], to new: [HostVersion], layout: (String) -> Layout, primary: String?,
        broken: Set<String> = []
    ) {
        let added = new.filter { version in !old.contains { $0.name == version.name } }
        let removed = old.filter { version in !new.contains { $0.name == version.name } }
        let staying = new.filter { version in old.contains { $0.name == version.name } }
        let ordered = staying.enumerated().sorted { left, right in
            func place(_ item: (offset: Int, element: HostVersion)) -> (Int, Int, Int) {
                let host = item.element.blueprint.host
                let before = old.first { $0.name == host.name }?.blueprint
                return (
                    broken.contains(host.name) ? 0 : 1, Self.rank(item.element.blueprint, before, primary), item.offset
                )
            }
            return place(left) < place(right)
        }.map(\.element)
        hosts =
            added.map { HostChange(from: nil, to: $0, layout: layout($0.name)) }
            + ordered.map { version in
                HostChange(
                    from: old.first { $0.name == version.name }, to: version, layout: layout(version.name))
            }
            // The last to serve users goes first: balancers, then what they lead to.
            + removed.sorted { $0.blueprint.host.has(.balancer) && !$1.blueprint.host.has(.balancer) }
            .map { HostChange(from: $0, to: nil, layout: layout($0.name)) }
    }

    /// What a host comes to do is there before others are told of it, and what it does no more ends after. The
    /// primary's restart is the roughest of all steps, so it comes when its replicas have stood theirs.
    private static func rank(_ now: HostBlueprint, _ before: HostBlueprint?, _ primary: String?) -> Int {
        let host = now.host
        let roles = before?.host.roles ?? []
        // A vote may come and go although no role does.
        let hadVote = before?.runs(.etcd) ?? false
        if roles.contains(where: { !host.has($0) }) || (hadVote && !now.runs(.etcd)) { return 4 }
        if host.roles.contains(where: { !roles.contains($0) }) || (now.runs(.etcd) && !hadVote) { return 0 }
        if host.name == primary { return 2 }
        return host.roles.areOfBalancerOnly ? 3 : 1
    }
}

/// A change that cannot be made while the stack runs.
public struct ChangeRefusal: Error, Sendable, Equatable {
    public var message: String
    /// The key of the stack file that asks for it, from the top level down.
    public var path: [String]
}

extension StackChange {
    /// What stands against taking `new` up while `old` runs; empty when nothing does.
    /// - Parameter placement: who leads.
    public static func refusals(from old: Stack, to new: Stack, placement: Placement?) -> [ChangeRefusal] {
        var refusals: [ChangeRefusal] = []
        let restart = "To take it up: tandem down && tandem up"
        if let placement, let what = problem(placement, new) {
            refusals.append(
                ChangeRefusal(
                    message: "\(placement.primary) is the primary, and \(what)", path: ["hosts"]))
        }
        for host in new.hosts {
            guard let before = old.hosts.first(where: { $0.name == host.name }), before.address != host.address
            else { continue }
            refusals.append(
                ChangeRefusal(
                    message: "\(host.name) runs on \(before.address) and would move to \(host.address). \(restart)",
                    path: ["hosts", host.name, "address"]))
        }
        let ports = [
            ("https_port", old.balancer.httpsPort.number, new.balancer.httpsPort.number),
            ("http_port", old.balancer.httpPort.number, new.balancer.httpPort.number),
        ]
        for (key, before, after) in ports where before != after {
            refusals.append(
                ChangeRefusal(
                    message: "the front is on port \(before), and stays there while the stack runs. \(restart)",
                    path: ["balancer", key]))
        }
        if old.isOnThisMachine, old.listenAddress != new.listenAddress {
            refusals.append(
                ChangeRefusal(
                    message: "the front listens on \(old.listenAddress), and goes on to while the stack runs. "
                        + restart,
                    path: ["front", "listen"]))
        }
        if old.database.name != new.database.name {
            refusals.append(
                ChangeRefusal(
                    message: "the app's data is in the database '\(old.database.name)'; Tandem renames none.\n"
                        + "Leave the name, or set database.name to \(old.database.name)",
                    path: ["database", "name"]))
        }
        return refusals
    }

    /// Why the primary could not go on as such.
    private static func problem(_ placement: Placement, _ new: Stack) -> String? {
        if new.hosts(.database).contains(where: { $0.name == placement.primary }) { return nil }
        return "is no longer a database host.\nLeave it the role database, and hand over first: tandem switchover"
    }
}

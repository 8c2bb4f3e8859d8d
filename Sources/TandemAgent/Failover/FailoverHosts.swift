import TandemFailover
import TandemStack

/// The hosts of a stack that take part in its failover: those with data, and those that vote. They are numbered by
/// their place in this list; what leaves an agent has their names.
struct FailoverHosts: Sendable, Equatable {
    let all: [Host]

    init(_ stack: Stack) {
        let voters = Set(stack.voters.map(\.name))
        all = Array(stack.hosts.filter { $0.has(.database) || voters.contains($0.name) }.prefix(HostID.bound))
    }

    var names: HostNames { HostNames(all.map(\.name)) }

    /// nil: it takes no part.
    func number(_ name: String) -> HostID? { names.host(name) }

    var dataHosts: [(id: HostID, host: Host)] {
        all.enumerated().filter { $0.element.has(.database) }.map { (HostID($0.offset), $0.element) }
    }

    /// - Parameters:
    ///   - host: an agent's own.
    ///   - cluster: what is noted beside its data.
    func configuration(of host: HostID, cluster: ClusterID?, hold: HoldOrder) -> FailoverConfiguration {
        func set(_ hosts: some Sequence<HostID>) -> HostSet { hosts.reduce(into: HostSet()) { $0.insert($1) } }
        let dataHosts = set(dataHosts.map(\.id))
        return FailoverConfiguration(
            host: host, dataHosts: dataHosts, members: set(all.indices.map { HostID($0) }),
            timing: dataHosts.contains(host) ? Timing() : witnessTiming(of: host), cluster: cluster,
            newCluster: .random(in: 1...ClusterID(UInt32.max)), hold: hold)
    }

    /// A host without data has no lease to renew, and etcd tells it of each change by itself: it reads now and then, in
    /// case that was lost.
    private func witnessTiming(of host: HostID) -> Timing {
        var timing = Timing()
        timing.refreshInterval = 2_900
        // What has been read counts for twice as long: until the next read but one.
        timing.storePatience = 3_500
        // Of the first host, each look is followed by the others' replies, and the next but two would find these
        // younger than 1.5 s by the milliseconds that they took.
        if dataHosts.allSatisfy({ host < $0.id }) { timing.hearingPatience = 1_400 }
        return timing
    }
}

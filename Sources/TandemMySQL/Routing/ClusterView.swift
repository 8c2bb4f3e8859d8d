import MySQLConnector
import TandemTopology

/// Who holds the data and may be asked, as somebody saw it at one moment.
struct ClusterView: Sendable, Equatable {
    struct Server: Sendable, Equatable {
        var name: String
        var address: MySQLConfiguration.Address
        /// `server_uuid`, which begins the GTIDs of what was written there; `nil` where it is not known.
        var uuid: String?
        /// Whether it answers at all.
        var isReachable = true
        /// It is about to stop, or to hand over: connections to it are about to be cut.
        var isLeaving = false
        var servesReads: Bool
        var lagSeconds: Double?

        /// Whether connections to it are worth having.
        var isWorthConnections: Bool { isReachable && !isLeaving }
    }

    /// Rises with every change of primary; 0 where nobody counts them.
    var epoch: Int
    /// Who leads.
    var primary: String?
    /// Whether it takes writes at this moment.
    var takesWrites: Bool
    /// Who would lead next.
    var heir: String?
    /// The heir is about to.
    var changesSoon = false
    var servers: [Server]
    /// Why nobody takes writes, when there is something to say.
    var detail: String?

    func server(_ name: String) -> Server? { servers.first { $0.name == name } }

    /// What the servers' own words add while nobody can be asked who leads.
    ///
    /// Only a single server that takes writes says something; silence closes nothing.
    func corrected(by probe: ClusterView) -> ClusterView {
        guard probe.takesWrites, let found = probe.servers.first(where: { $0.name == probe.primary }),
            let server = servers.first(where: { $0.address == found.address })
        else { return self }
        var view = self
        // A change of primary raises the epoch by one at least; whoever knows the true one overrules this.
        if server.name != primary {
            view.epoch += 1
            view.heir = nil
        }
        view.primary = server.name
        view.takesWrites = true
        view.changesSoon = false
        view.detail = nil
        return view
    }
}

extension ClusterView {
    /// What an agent says.
    /// - Parameter maximumLagSeconds: a replica that is further behind serves no reads.
    init(_ topology: Topology, maximumLagSeconds: Double) {
        let primary = topology.member(topology.primary)
        let leader = topology.leader
        let partner = leader?.partner.flatMap(topology.member)
        let heir = partner?.servesReads(lagBoundSeconds: maximumLagSeconds) == true ? partner?.host : nil
        let isLeaving = leader.map { $0.isClosing == true || ($0.state != .open && $0.state != .waiting) } ?? false
        self.init(
            epoch: topology.epoch, primary: topology.primary,
            // A primary that waits for its partner would keep a commit waiting, perhaps until it is lost: better not
            // sent yet.
            takesWrites: leader?.state == .open && primary?.isClosing != true,
            heir: heir, changesSoon: heir != nil && isLeaving,
            servers: topology.members.map { member in
                Server(
                    name: member.host, address: .tcp(host: member.address, port: member.port), uuid: nil,
                    isReachable: [.open, .waiting, .streaming, .disconnected].contains(member.state),
                    isLeaving: member.isClosing == true,
                    servesReads: member.servesReads(lagBoundSeconds: maximumLagSeconds), lagSeconds: member.lagSeconds)
            },
            detail: primary.map { "\($0.host) is \($0.state.rawValue)\($0.detail.map { ": " + $0 } ?? "")" })
    }
}

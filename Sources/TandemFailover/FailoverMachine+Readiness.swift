/// Whether the partner could take over now, as one agent sees it: a failover that silently would not happen is worse
/// than one that is known not to.
public struct FailoverReadiness: Hashable, Sendable {
    public enum Blocker: Hashable, Sendable {
        /// Nothing was read from etcd yet, or nothing lately.
        case storeUnknown
        /// The stack was never founded.
        case noState
        /// It will not begin before the agent of this host with a database is heard, which may have the stack's data.
        case unheard(HostID)
        /// An operator paused failover.
        case paused
        /// The primary acknowledges alone; nobody has all its writes.
        case noPartner
        /// The primary is making this host its partner.
        case stillPairing(HostID)
        /// The partner's agent was not heard lately.
        case partnerUnheard(HostID)
        case partnerServerDown(HostID)
        /// The partner's receiver does not acknowledge: what it lacks, the primary does not acknowledge either.
        case partnerNotReceiving(HostID)
        /// etcd has no state, and this host has data: only an operator can say who was primary.
        case stateLost
        /// What was read from etcd belongs to another stack.
        case otherStack
        /// What was read from etcd names a host that this agent's settings do not have, or is damaged.
        case stateUnreadable
        /// The data of the primary, this host, is gone.
        case dataLost
        /// An operator wants this host's server stopped.
        case partnerHeld(HostID)
    }

    /// Empty: a failover would work now.
    public var blockers: [Blocker]

    public init(blockers: [Blocker]) { self.blockers = blockers }

    public var isReady: Bool { blockers.isEmpty }
}

extension FailoverMachine {
    public var readiness: FailoverReadiness {
        if store.isForeign { return FailoverReadiness(blockers: [.otherStack]) }
        if store.isUnreadable { return FailoverReadiness(blockers: [.stateUnreadable]) }
        guard store.hasRead, hasStore else { return FailoverReadiness(blockers: [.storeUnknown]) }
        guard let record = store.record else {
            let hasData = server.seen.map { !$0.isFresh } ?? false
            let isLost = hasData || configuration.cluster != nil
            return FailoverReadiness(
                blockers: isLost ? [.stateLost] : silentDataHosts.map { .unheard($0) } + [.noState])
        }
        var blockers: [FailoverReadiness.Blocker] = store.isPaused ? [.paused] : []
        if store.isStateMissing { blockers.append(.stateLost) }
        if hasLostItsData { blockers.append(.dataLost) }
        switch record.standing {
        case .alone: blockers.append(.noPartner)
        case .joining(let candidate): blockers.append(.stillPairing(candidate))
        case .paired(let partner):
            let known = partner == me ? status : freshStatus(of: partner)
            if let known {
                if known.isHeld { blockers.append(.partnerHeld(partner)) }
                if !known.serverAnswers { blockers.append(.partnerServerDown(partner)) }
                if known.serverAnswers, !known.acknowledges { blockers.append(.partnerNotReceiving(partner)) }
            } else {
                blockers.append(.partnerUnheard(partner))
            }
        }
        return FailoverReadiness(blockers: blockers)
    }
}

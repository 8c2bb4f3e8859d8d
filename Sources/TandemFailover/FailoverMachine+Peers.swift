/// What a peer said, and when.
struct PeerKnowledge: Hashable, Sendable {
    var status = PeerStatus()
    /// nil until first heard.
    var heardAt: Milliseconds?
}

/// When peers were told, and whether there is something new to tell.
struct Broadcasts: Hashable, Sendable {
    var sentAt: Milliseconds = -1_000_000
    var hasNews = false
}

extension FailoverMachine {
    mutating func absorb(_ status: PeerStatus, from host: HostID) {
        guard host != me, Int(host.index) < peers.count else { return }
        // A late message must not undo a newer one: what a host has read of the store never goes back.
        guard status.stateRevision >= peers[Int(host.index)].status.stateRevision else { return }
        peers[Int(host.index)] = PeerKnowledge(status: status, heardAt: now)
        if status.willNotAcknowledge, status.stateRevision >= pairing.namedRevision {
            pairing.willNotAcknowledge.insert(host)
        }
    }

    func hears(_ host: HostID) -> Bool { freshStatus(of: host) != nil }

    /// What the host said, if it did so lately.
    func freshStatus(of host: HostID) -> PeerStatus? {
        guard Int(host.index) < peers.count, let heardAt = peers[Int(host.index)].heardAt,
            now - heardAt < timing.hearingPatience
        else { return nil }
        return peers[Int(host.index)].status
    }

    /// Whether any host but these two is heard, and whether one such hears `host`.
    func thirdParties(on host: HostID, except other: HostID) -> (areHeard: Bool, hearIt: Bool) {
        var areHeard = false
        var hearIt = false
        for index in peers.indices where index != Int(host.index) && index != Int(other.index) {
            guard let heardAt = peers[index].heardAt, now - heardAt < timing.hearingPatience else { continue }
            areHeard = true
            if peers[index].status.hears.contains(host) { hearIt = true }
        }
        return (areHeard, hearIt)
    }

    var heardHosts: HostSet {
        var hosts = HostSet(me)
        for index in peers.indices {
            guard let heardAt = peers[index].heardAt, now - heardAt < timing.hearingPatience else { continue }
            hosts.insert(HostID(index))
        }
        return hosts
    }

    mutating func broadcast(_ out: inout [Action]) {
        broadcasts.hasNews = false
        broadcasts.sentAt = now
        out.append(.broadcast(status))
    }

    /// Nothing acknowledges, and nothing that is under way will: neither a statement that switches the replica side on,
    /// nor one of an earlier agent.
    private func willNotAcknowledge(_ seen: ServerObservation) -> Bool {
        guard server.endedOldSessions, server.command?.command != .setReplicaSide(true) else { return false }
        // Nor one that was given up, whose server is about to be killed for it.
        guard server.abandonedBoot == nil || !rules.heedsAbandonedStatements else { return false }
        return !seen.isReplicaSideOn && !seen.receiverAcknowledges
    }

    public var status: PeerStatus {
        var status = PeerStatus(
            epoch: store.record?.epoch ?? 0, stateRevision: store.revision, holdsData: holdsData, isHeld: isHeld,
            remembersStack: knownCluster != nil, hears: heardHosts)
        guard let seen = server.seen else { return status }
        status.isFresh = seen.isFresh
        status.serverAnswers = seen.life == .up || seen.life == .crowded
        guard let record = store.record, seen.life == .up else { return status }
        let leads = record.primary == me
        status.takesCommits = leads && seen.access.allowsCommits
        let follows = !leads && seen.source == record.primary && seen.attachedEpoch == record.epoch
        status.followsClosely = follows && seen.receiver == .connected && seen.isCloseBehind
        status.acknowledges = follows && seen.receiver == .connected && seen.receiverAcknowledges
        status.willNotAcknowledge = record.acknowledger != me && willNotAcknowledge(seen)
        status.handsOver = leads && switchover?.phase == .drained
        return status
    }
}

extension FailoverMachine {
    /// The stack's first start: a host whose data is fresh founds it, the first in the list if it is there. Where any
    /// host has data and etcd has none, etcd lost it, or the data comes from elsewhere: only an operator can say who
    /// was primary (`StateTransaction.adopting`).
    mutating func foundStack(_ out: inout [Action]) {
        // A host that remembers a stack does not found another: etcd lost it.
        guard configuration.cluster == nil, store.cluster == nil else { return }
        guard let seen = server.seen, mayWrite, !store.isPaused, !isHeld else { return }
        guard seen.life != .down else {
            issue(.startServer, &out)
            return
        }
        guard seen.life == .up, seen.isFresh, !heardOfStack else { return }
        // One that is not there may have the stack's data: etcd has lost its keys, and this host was never part of it.
        guard silentDataHosts.isEmpty || !rules.asksBeforeFounding else { return }
        let place = (configuration.dataHosts.bits & ((1 << UInt64(me.index)) - 1)).nonzeroBitCount
        guard now - startedAt >= Milliseconds(place) * timing.foundingStagger else { return }
        write(.found, StateRecord(epoch: 1, primary: me, standing: .alone), cause: .founded, &out)
    }

    /// etcd says that this host leads a stack that has begun, and its data is new: what it had is gone with its disk.
    /// An empty server that led would have all others throw away what they have.
    var hasLostItsData: Bool {
        guard let record = store.record, record.primary == me, server.seen?.isFresh == true else { return false }
        // What this agent has founded is new.
        guard store.firstRevision != 0 else { return false }
        if record.epoch > 1 || record.standing != .alone { return true }
        // An earlier agent may have founded the stack, and ended before it opened. Then nobody else has anything.
        return peers.indices.contains { index in
            let (host, peer) = (HostID(index), peers[index])
            guard host != me, configuration.dataHosts.contains(host) else { return false }
            return peer.heardAt == nil || peer.status.holdsData && !peer.status.isFresh
        }
    }

    /// Of whom nothing is known: whether they have data.
    var silentDataHosts: [HostID] {
        peers.indices.map { HostID($0) }.filter { $0 != me && configuration.dataHosts.contains($0) && !hears($0) }
    }

    /// Another host has data, or was in a stack though its server does not run or was never written to.
    private var heardOfStack: Bool {
        peers.contains {
            let hasData = $0.status.holdsData && $0.status.serverAnswers && !$0.status.isFresh
            return $0.heardAt != nil && (hasData || $0.status.remembersStack && rules.asksBeforeFounding)
        }
    }
}

extension StateTransaction {
    /// An operator's explicit step, taken by a command and not by an agent: the stack goes on from the data of
    /// `primary`, where etcd has no `state`: a restored backup, a stack whose etcd lost its keys, a stack from before
    /// it had any. The operator vouches that this host has every acknowledged write.
    ///
    /// The primary is alone, whatever partner an older record named: it has all that this one has, and joins again
    /// within seconds, whereas a partner taken on trust would be a promise that nobody has proven.
    ///
    /// - Parameters:
    ///   - highestEpoch: the highest that any host's notes have, 0 for none. A receiver attached in an old epoch must
    ///     not pass for one that was attached, and compared, in the new one.
    ///   - cluster: the `init` that the hosts remember, or a new one.
    public static func adopting(dataOf primary: HostID, highestEpoch: UInt64, cluster: ClusterID) -> StateTransaction {
        let record = StateRecord(epoch: highestEpoch + 1, primary: primary, standing: .alone)
        let history = HistoryRecord(epoch: record.epoch, primary: primary, previous: nil, cause: .adopted)
        return StateTransaction(
            purpose: .adopt, expectedRevision: 0, record: record, history: history, founds: cluster)
    }
}

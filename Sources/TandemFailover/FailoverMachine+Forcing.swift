/// A change of primary that an operator forces, where the rules alone would wait for the old one for ever: it was
/// alone, or its partner is gone too. What only those two have is lost to the stack until they return and export it.
extension FailoverMachine {
    /// This host is asked for, `state` is what the operator looked at, and nothing contradicts that the primary is
    /// gone.
    func mayForce(_ record: StateRecord) -> Bool {
        guard let intent = store.intent, intent.to == me, let revision = intent.forcedAtRevision, hasStore, !isHeld
        else {
            return false
        }
        // Before a primary that came back acknowledges anything, it moves the revision: the word is void.
        if !rules.checksForcedRevision { return true }
        guard revision == store.revision, server.seen?.isFresh == false else { return false }
        guard !hears(record.primary), !store.leaderIsPrimary else { return false }
        // The partner has whatever was acknowledged, and takes over by itself.
        if let partner = record.partner, partner != me, hears(partner) { return false }
        return now - max(store.intentSeenAt, startedAt) > timing.forcePatience
    }

    /// Close the old primary if it answers after all, seal, then one transaction. True while this host must not
    /// receive.
    mutating func force(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) -> Bool {
        let isUndecided = store.write?.transaction.purpose == .force
        guard isUndecided || mayForce(record) else { return false }
        if !isUndecided, seen.source == record.primary, seen.sourceAnswers, !remoteClosing.isDone {
            if let failedAt = remoteClosing.failedAt, now - failedAt < timing.growBackoff { return false }
            issue(.closeRemotely(record.primary), &out)
            return true
        }
        if seen.receiver != .off {
            // What is still on its way here need not be lost.
            if seen.receiver == .connected, now - server.arrivedAt < timing.hearingPatience { return false }
            issue(.stopReceiver, &out)
            return true
        }
        guard !isUndecided else { return true }
        // The operator counts on what this host has, so that its disk has all of that before the host leads, where that
        // can be done. Torn data is on disk as it is.
        let waits = now - max(store.intentSeenAt, startedAt) < timing.holdPatience
        if waits, !seen.isTorn, makeDurable(seen, &out) { return true }
        guard mayWrite else { return true }
        let next = StateRecord(epoch: record.epoch + 1, primary: me, standing: .alone)
        write(.force, next, endsIntent: store.intent?.id, cause: .forced, &out)
        return true
    }

    /// Another stack's keys, under the addresses of this one's etcd.
    func isForeign(_ snapshot: StoreSnapshot) -> Bool {
        guard let there = snapshot.cluster, let known = knownCluster else { return false }
        return there != known
    }
}

/// Growing and shrinking the pair, at the primary.
struct Pairing: Hashable, Sendable {
    /// The revision of `state` by which the present acknowledger (or nobody) was named.
    var namedRevision: UInt64 = 0
    var namedAt: Milliseconds = 0
    /// Hosts that said since then that they do not acknowledge.
    var willNotAcknowledge = HostSet()
    var backoffUntil: Milliseconds = 0
    /// Attempts, one after the other, that let a candidate catch up while commits waited.
    var catchUps = 0
    /// Each of them is a stall of `joinPatience`.
    static let mostCatchUps = 3
    /// The last candidate's index, so that the next attempt begins with the one after it.
    var lastCandidate = -1

    mutating func name(at revision: UInt64, now: Milliseconds) {
        namedRevision = revision
        namedAt = now
        willNotAcknowledge = HostSet()
    }
}

extension FailoverMachine {
    /// The candidate has read that it is named, and its receiver acknowledges.
    func isReady(_ candidate: HostID, _ record: StateRecord) -> Bool {
        guard let status = freshStatus(of: candidate) else { return false }
        return status.epoch == record.epoch && status.acknowledges && status.stateRevision >= pairing.namedRevision
    }

    /// Growing begins by naming one close follower, in etcd, so that every other host knows that it must be silent.
    mutating func propose(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) {
        guard !store.isPaused, isSure, now >= pairing.backoffUntil, server.command == nil, seen.isPrepared else {
            return
        }
        // A server that still has its source side on has not finished shrinking.
        guard seen.life == .up, seen.access == .writing, !seen.isSourceSideOn else { return }
        guard let candidate = nextCandidate(record) else { return }
        pairing.lastCandidate = Int(candidate.index)
        var next = record
        next.standing = !rules.growsDatabaseFirst ? .paired(candidate) : .joining(candidate)
        write(.propose, next, &out)
    }

    func hasCandidate(_ record: StateRecord) -> Bool { nextCandidate(record) != nil }

    private func nextCandidate(_ record: StateRecord) -> HostID? {
        if let intent = store.intent, isCandidate(intent.to, record) { return intent.to }
        for offset in 1...peers.count {
            let host = HostID((pairing.lastCandidate + offset) % peers.count)
            if isCandidate(host, record) { return host }
        }
        return nil
    }

    private func isCandidate(_ host: HostID, _ record: StateRecord) -> Bool {
        guard host != me, configuration.dataHosts.contains(host), let status = freshStatus(of: host) else {
            return false
        }
        return status.epoch == record.epoch && status.followsClosely && !status.isHeld
    }

    /// The candidate is gone, or takes too long. Its acknowledgement is no longer worth waiting for: as long as no
    /// transaction that pairs with it was sent, commits go on without it at once.
    func isHopeless(_ candidate: HostID, _ record: StateRecord, _ seen: ServerObservation) -> Bool {
        if seen.life != .up || seen.access != .writing || store.isPaused { return true }
        if now - pairing.namedAt > timing.growPatience { return true }
        guard seen.isSourceSideOn else { return false }
        // One pause of writes costs users less than several shorter ones, after each of which the candidate has to
        // begin again.
        let patience = isReady(candidate, record) ? timing.joinPatience : timing.shrinkPatience
        return !hears(candidate) || unacknowledgedFor > patience
    }

    /// It acknowledges, but first has to receive what was written before commits waited for it. Where the primary
    /// writes faster alone than its candidate receives, it gets on only while they wait; a pause would undo that, and
    /// there would never be a pair.
    private func isCatchingUp(_ candidate: HostID, _ record: StateRecord, _ seen: ServerObservation) -> Bool {
        seen.life == .up && seen.access == .writing && !store.isPaused && isReady(candidate, record)
            && unacknowledgedFor > timing.shrinkPatience && pairing.catchUps < Pairing.mostCatchUps
    }

    /// The database first: only the candidate can acknowledge, the source side is on, a row that began after that is
    /// acknowledged (which proves everything before it); then etcd.
    mutating func completePairing(
        _ candidate: HostID, _ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]
    ) {
        var next = record
        if isHopeless(candidate, record, seen) {
            let goesOn = isCatchingUp(candidate, record, seen)
            pairing.catchUps = goesOn ? pairing.catchUps + 1 : 0
            pairing.backoffUntil = goesOn ? now : now + timing.growBackoff
            next.standing = .alone
            write(.shrink, next, &out)
            return
        }
        // A statement of an earlier agent could still switch the source side off.
        guard server.endedOldSessions || !rules.endsOldSessions else { return }
        guard server.command == nil, seen.isSourceSideOn, isAdmittanceTight(seen.admitted) else { return }
        guard isProven || !rules.provesBeforePairing else { return }
        pairing.catchUps = 0
        next.standing = .paired(candidate)
        write(.pair, next, &out)
    }

    /// Etcd first: as long as the record names a partner, nothing is acknowledged without it. Where no third host hears
    /// this one, the partner is the better primary, and gets its chance first.
    mutating func shrinkIfAlone(
        _ partner: HostID, _ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]
    ) {
        guard isSure, switchover == nil else { return }
        let delay = thirdParties(on: me, except: partner).hearIt ? 0 : timing.shrinkDelay
        // Only while this host's own server answers: where that hangs, its heartbeats wait for it and not for the
        // partner, who is to take over.
        let answers = now - server.answeredAt < timing.shrinkPatience / 2 || !rules.shrinksWhenAnswering
        // Nor where its disk is full.
        let isOwnFault = seen.isDiskFull && canTakeOver(record)
        let isAlone = unacknowledgedFor > timing.shrinkPatience + delay && answers && !isOwnFault
        // A partner that is to be stopped waits until nobody waits for it.
        let isLeaving = freshStatus(of: partner)?.isHeld ?? false
        guard isAlone || isLeaving || wantsOtherPartner(partner, record) else { return }
        pairing.backoffUntil = isAlone ? now + timing.growBackoff : now
        var next = record
        next.standing = .alone
        write(.shrink, next, &out)
    }

    /// A switchover to a third host begins by making it the partner.
    private func wantsOtherPartner(_ partner: HostID, _ record: StateRecord) -> Bool {
        guard let intent = store.intent, !store.isPaused, intent.to != partner, intent.to != me else { return false }
        return isCandidate(intent.to, record) && now - store.intentSeenAt < timing.intentPatience
    }
}

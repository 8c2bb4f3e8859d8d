/// What a primary's next statement depends on, besides the record and the look.
struct PrimarySituation: Hashable, Sendable {
    /// In a pair, neither sure of `leader` nor acknowledged, for too long.
    var mustFence = false
    /// A planned change of primary has begun, and its budget is not spent.
    var isHandingOver = false
    /// An operator wants the server stopped, and nobody is waited for any longer.
    var mustStop = false
    /// Closing failed because a commit waits.
    var closeNeedsKill = false
    /// Sure of `leader`, and nothing says that what is known is out of date.
    var isSure = true
    /// The revision moved since this agent's first read.
    var hasClaimed = true
    /// It is the recorded owner, nobody can be promoted, and no transaction that would change that is under way.
    var mayAcknowledgeAlone = false
    /// Joining: the candidate acknowledges. Once the source side is on it stays on until the candidate is hopeless.
    var isCandidateReady = false
    var isCandidateHopeless = false
    /// A heartbeat that began under the present conditions has committed.
    var isProven = false
    /// Whom the primary lets connect as a replica.
    var admissible = HostSet()
    /// The pair is unacknowledged for longer than it may be.
    var isUnacknowledged = false
    var rules = Rules()
}

/// The next statement for the server of a primary, one at a time, in the order that keeps each step safe. A pure
/// function, so that a test can hold it as a table.
struct PrimaryStep {
    let record: StateRecord
    let seen: ServerObservation
    let situation: PrimarySituation

    private var rules: Rules { situation.rules }

    func next() -> ServerCommand? {
        // Sealing, also where this agent does not remember why it was promoted.
        if seen.receiver != .off, !trustsItsSeal { return .stopReceiver }
        if situation.mustFence { return seen.access == .closed ? nil : close }
        if situation.isHandingOver { return seen.access == .closed ? nil : .setAccess(.closed) }
        if situation.mustStop { return stop }
        // The host was forced to lead while it caught up, or an administrator has changed the settings with SET GLOBAL.
        if !seen.isDurable, rules.isDurableBeforeAcknowledging { return .setDurability(true) }
        if isSourceSideToBe(false) { return .setSourceSide(false) }
        if mayAdmit, seen.admitted != situation.admissible { return .admit(situation.admissible) }
        // Before commits wait for anybody again.
        if seen.access == .writing, let detach { return detach }
        if isSourceSideToBe(true) { return .setSourceSide(true) }
        if !seen.hasAppliedAll, rules.appliesBeforeOpening { return apply }
        if record.partner != nil, let detach { return detach }
        return open ?? detach
    }

    /// What it followed before it led. Its receiver is off and all is applied, so this changes nothing for its clients.
    /// With real servers each of the two takes up to half a second: a new primary opens first.
    private var detach: ServerCommand? {
        guard seen.source != nil, !trustsItsSeal else { return nil }
        return seen.isApplierOn && rules.stopsApplierFirst ? .stopApplier : .forgetSource
    }

    private var trustsItsSeal: Bool { !rules.sealsBeforePromoting || !rules.staysSealedWhileUnknown }

    /// Accounts are changed by writing: a closed server refuses. In a pair this comes before the proof, so that nobody
    /// but the partner can have given it. Before the database is prepared there are no accounts to change.
    private var mayAdmit: Bool { seen.access.allowsCommits && seen.isPrepared || !rules.admitsOnOpenServer }

    private var close: ServerCommand {
        guard situation.closeNeedsKill else { return .setAccess(.closed) }
        return rules.killsToClose ? .killServer : .setSourceSide(false)
    }

    private var stop: ServerCommand {
        guard rules.closesBeforeStopping else { return .stopServer }
        if seen.access != .closed { return close }
        return seen.hasWaitingCommits ? .killServer : .stopServer
    }

    private func isSourceSideToBe(_ on: Bool) -> Bool {
        guard seen.isSourceSideOn != on, wantsSourceSide == on else { return false }
        return on || situation.mayAcknowledgeAlone || !rules.shrinksStoreFirst
    }

    private var wantsSourceSide: Bool {
        switch record.standing {
        case .alone: false
        case .joining:
            !situation.isCandidateHopeless && (seen.isSourceSideOn || situation.isCandidateReady)
        case .paired: rules.shrinksStoreFirst || !situation.isUnacknowledged
        }
    }

    /// With the source side on, the applier would wait for an acknowledgement for ever.
    private var apply: ServerCommand? {
        guard !seen.isApplierOn, !seen.isSourceSideOn || !rules.appliesWithSourceSideOff else { return nil }
        return .startApplier
    }

    private var open: ServerCommand? {
        if seen.access == .writing {
            let pair = record.partner.map { WaitingPair(acknowledger: $0, epoch: record.epoch) }
            return pair != nil && seen.isSourceSideOn && situation.isProven && seen.noted != pair
                ? pair.map { .noteWaiting($0) } : nil
        }
        guard situation.isSure else { return nil }
        switch record.standing {
        case .alone, .joining:
            guard !seen.isSourceSideOn else { return nil }
            if seen.isPrepared || !rules.preparesBeforeOpening { return .setAccess(.writing) }
            return seen.access == .guarded ? .prepareDatabase : .setAccess(.guarded)
        case .paired:
            guard seen.isSourceSideOn, situation.hasClaimed else { return nil }
            // What recovery committed here was perhaps never acknowledged: nobody reads it before the partner has it.
            guard seen.access == .guarded else { return .setAccess(.guarded) }
            return situation.isProven || !rules.provesBeforeOpening ? .setAccess(.writing) : nil
        }
    }
}

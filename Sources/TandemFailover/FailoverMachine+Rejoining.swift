/// A server that returns, or follows a new primary: is there anything on its disk that the primary lacks?
struct Rejoin: Hashable, Sendable {
    /// The epoch for which a comparison found nothing.
    var comparedEpoch: UInt64 = 0
    /// The receiver was refused: that it once fitted is not enough.
    var wasRefused = false
    /// What all the rest belongs to.
    var epoch: UInt64 = 0
    var bootCount: UInt32 = 0
    var inventory: Inventory?
    var question: StoreKnowledge.Outstanding?
    var primary: PrimaryInventory?
    var hasExported = false

    /// What was compared is out of date.
    mutating func forget() {
        inventory = nil
        question = nil
        primary = nil
        hasExported = false
    }
}

extension FailoverMachine {
    /// One step towards following `record.primary`, with the server down or up and closed.
    mutating func returnToStack(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) {
        if rejoin.epoch != record.epoch || rejoin.bootCount != seen.bootCount {
            rejoin.forget()
            rejoin.epoch = record.epoch
            rejoin.bootCount = seen.bootCount
        }
        if isToBeReplaced(seen) { rejoin.comparedEpoch = 0 }
        if !rules.comparesBeforeFollowing { rejoin.comparedEpoch = record.epoch }
        if seen.receiver == .refused, !rejoin.wasRefused {
            // It fitted, but the primary has purged what it needs since.
            rejoin.forget()
            rejoin.comparedEpoch = 0
            rejoin.wasRefused = true
        }
        guard rejoin.comparedEpoch != record.epoch else {
            attach(record, seen, &out)
            return
        }
        if seen.life == .up, seen.receiver != .off {
            issue(.stopReceiver, &out)
            return
        }
        compare(record, seen, &out)
    }

    /// The data may be torn, so that this host can neither follow with it nor have it repaired.
    func isToBeReplaced(_ seen: ServerObservation) -> Bool { seen.isTorn && rules.replacesTornData }

    private mutating func attach(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) {
        if seen.life == .down {
            issue(.startServer, &out)
        } else if seen.receiver != .off {
            issue(.stopReceiver, &out)
        } else if seen.source != record.primary, seen.isApplierOn, rules.stopsApplierFirst {
            issue(.stopApplier, &out)
        } else if !isReceivedDurable(record.acknowledger == me && seen.source == record.primary, seen, &out) {
            return
        } else if record.acknowledger == me, makeDurable(seen, &out) {
            return
        } else if seen.isReplicaSideOn != (record.acknowledger == me) {
            issue(.setReplicaSide(record.acknowledger == me), &out)
        } else if store.staleSince == nil {
            issue(.startReceiver(from: record.primary, epoch: record.epoch), &out)
        }
    }

    /// Itself first, then the primary: the primary's set only grows, so what it lacks then, it lacked all along.
    private mutating func compare(_ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]) {
        guard let inventory = rejoin.inventory else {
            issue(.inspect, &out)
            return
        }
        guard let primary = rejoin.primary else {
            ask(record, &out)
            return
        }
        let tail = inventory.received.subtracting(primary.executed)
        guard !tail.isEmpty else {
            if isToBeReplaced(seen) {
                issue(.clone(from: record.primary), &out)
            } else if !inventory.logged.contains(primary.purged) {
                issue(.clone(from: record.primary), &out)
            } else {
                rejoin.comparedEpoch = record.epoch
                rejoin.wasRefused = false
                rejoin.forget()
                attach(record, seen, &out)
            }
            return
        }
        remove(tail, inventory, record, seen, &out)
    }

    /// The gentlest way to get rid of what the primary lacks, once it is exported.
    private mutating func remove(
        _ tail: GTIDSet, _ inventory: Inventory, _ record: StateRecord, _ seen: ServerObservation, _ out: inout [Action]
    ) {
        guard rejoin.hasExported || !rules.exportsBeforeCutting else {
            issue(.export(tail), &out)
            return
        }
        if isToBeReplaced(seen) {
            issue(.clone(from: record.primary), &out)
        } else if tail.isDisjoint(with: inventory.logged) {
            discardRelayLog(seen, &out)
        } else if tail.isDisjoint(with: inventory.mayBeCommitted(under: record, rules: rules)),
            tail.isSubset(of: inventory.logged)
        {
            // Only prepared: cut while it is down, and they roll back.
            issue(seen.life == .up ? .killServer : .cut(tail), &out)
        } else {
            issue(.clone(from: record.primary), &out)
        }
    }

    /// A statement: it needs a server that runs, which commits nothing of a relay log by starting, and stopped threads.
    private mutating func discardRelayLog(_ seen: ServerObservation, _ out: inout [Action]) {
        if seen.life == .down {
            issue(.startServer, &out)
        } else {
            issue(seen.isApplierOn && rules.stopsApplierFirst ? .stopApplier : .discardRelayLog, &out)
        }
    }

    private mutating func ask(_ record: StateRecord, _ out: inout [Action]) {
        if let question = rejoin.question, now - question.sentAt < timing.askPatience { return }
        let id = nextID()
        rejoin.question = .init(id: id, sentAt: now)
        out.append(.ask(record.primary, question: id))
    }

    mutating func absorb(_ inventory: PrimaryInventory, to question: UInt64, from host: HostID) {
        guard rejoin.question?.id == question, let record = store.record, record.primary == host else { return }
        guard inventory.epoch == record.epoch, rejoin.epoch == record.epoch else { return }
        rejoin.primary = inventory
        rejoin.question = nil
    }
}

extension GTIDSet {
    public func isSubset(of other: GTIDSet) -> Bool { other.contains(self) }
}

public enum CommandOutcome: Hashable, Sendable {
    case done
    case failed
    case inspected(Inventory)
}

public enum StoreAnswer: Hashable, Sendable {
    case read(StoreSnapshot)
    /// The keys were read and cannot be used: they name a host that this agent's settings do not have, or are damaged.
    case unreadable
    /// The transaction took place; `state` now has this revision.
    case written(revision: UInt64)
    /// The transaction's comparison failed: it did not take place, and never will.
    case refused
    /// No answer, or an error, a lost lease among them. A transaction may have taken place, or may yet.
    case unknown
}

/// What may happen to an agent. Each comes with the time on the agent's own clock.
public enum Event: Hashable, Sendable {
    /// A look at the server, several times a second.
    case tick(ServerObservation)
    /// A command's end, with a look at the server that was begun after it.
    case commandFinished(id: UInt64, CommandOutcome, ServerObservation)
    case storeAnswered(id: UInt64, StoreAnswer)
    /// The heartbeat's commit returned without an error.
    case heartbeatCommitted(id: UInt64)
    /// The heartbeat returned an error, or its connection ended. It may have committed, or may yet.
    case heartbeatFailed(id: UInt64)
    case heard(HostID, PeerStatus)
    case asked(HostID, question: UInt64)
    case answered(HostID, question: UInt64, PrimaryInventory)
    /// An operator wants this host's server stopped, or no longer so.
    case held(HoldOrder)
    /// Something in the store may have changed: a reason to read it now and no more.
    case storeHinted
}

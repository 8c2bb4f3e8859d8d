/// A primary and the host whose acknowledgements its commits wait for.
public struct WaitingPair: Hashable, Sendable, Codable {
    public var acknowledger: HostID
    public var epoch: UInt64

    public init(acknowledger: HostID, epoch: UInt64) {
        self.acknowledger = acknowledger
        self.epoch = epoch
    }
}

/// A file beside the data: since when commits have waited, and for whom. Only with it is it known of a server that is
/// down which transactions of its binary log the storage engine has not committed. It is deleted, on disk, before the
/// source side is switched off and before mysqld is started, whose recovery commits whatever was logged.
public struct WaitingNote: Hashable, Sendable {
    public var pair: WaitingPair
    /// `gtid_executed`, read after a heartbeat that began with the source side on was acknowledged: whatever is not in
    /// it was logged after that heartbeat, and committed only if `pair.acknowledger` has it.
    public var executed: GTIDSet

    public init(pair: WaitingPair, executed: GTIDSet) {
        self.pair = pair
        self.executed = executed
    }
}

/// All transactions that a server's disk holds, by how far each has come.
public struct Inventory: Hashable, Sendable {
    /// In the binary log or received into the relay log.
    public var received: GTIDSet
    /// In the binary log: applied, committed, or prepared and waiting.
    public var logged: GTIDSet
    /// nil: the server started, or switched its source side off, since one was written.
    public var note: WaitingNote?

    public init(received: GTIDSet, logged: GTIDSet, note: WaitingNote?) {
        self.received = received
        self.logged = logged
        self.note = note
    }

    /// What the storage engine may have committed, as long as the server does not start, where this record is in force:
    /// no cut of the binary log takes these back. A note counts only where the host that it names was promoted out of
    /// that very pair. Whatever that host acknowledged it has; what it lacks, nobody acknowledged.
    func mayBeCommitted(under record: StateRecord, rules: Rules) -> GTIDSet {
        guard let note else { return logged }
        let isSuccessor = note.pair.acknowledger == record.primary && note.pair.epoch + 1 == record.epoch
        return isSuccessor || !rules.checksWaitingNote ? note.executed : logged
    }
}

/// What a primary has, read after it committed a row that it began after it was asked.
public struct PrimaryInventory: Hashable, Sendable {
    public var epoch: UInt64
    public var executed: GTIDSet
    /// No longer in its binary logs (`gtid_purged`).
    public var purged: GTIDSet

    public init(epoch: UInt64, executed: GTIDSet, purged: GTIDSet) {
        self.epoch = epoch
        self.executed = executed
        self.purged = purged
    }
}

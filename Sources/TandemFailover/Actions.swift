/// What the agent does to its own database server: one at a time, and each is answered by `Event.commandFinished`.
/// Each is safe to repeat.
public enum ServerCommand: Hashable, Sendable {
    /// End every SQL session of this host's earlier agents, so that nothing they sent can still take effect. Done when
    /// each of them is gone, or killed and in a commit: a commit that waits for its acknowledgement outlives KILL.
    case killSessions
    /// Delete the waiting note, then start mysqld. It boots closed, its source side on, its replica side off, its
    /// receiver and its applier stopped.
    case startServer
    /// SIGKILL. Never SIGTERM: that acknowledges commits that wait.
    case killServer
    /// SIGTERM, for a planned stop. Asked for on a closed server on which no commit waits; the agent looks once more,
    /// and fails where that is no longer so.
    case stopServer
    /// To close: `offline_mode` on, then `super_read_only` on under a lock wait time-out. Fails if a commit waits.
    case setAccess(ServerObservation.Access)
    /// `rpl_semi_sync_source_enabled`. To switch it off: delete the waiting note first, on disk.
    case setSourceSide(Bool)
    /// `rpl_semi_sync_replica_enabled`. A receiver takes it on only when it connects anew.
    case setReplicaSide(Bool)
    /// `sync_binlog` and `innodb_flush_log_at_trx_commit`. Off: note first, on disk, that what is committed from now on
    /// is lost or torn when the machine ends before the server's commits are on disk again. On: afterwards write down
    /// what was committed before, then delete that note. Off fails where the note is of an earlier start of the
    /// machine.
    case setDurability(Bool)
    /// Point replication at this host if it points elsewhere (which throws away relay logs), note the epoch beside the
    /// data, and start the receiver. Pointing it elsewhere fails while the applier runs.
    case startReceiver(from: HostID, epoch: UInt64)
    /// Stop the receiver and wait until its SERVICE_STATE is OFF.
    case stopReceiver
    case startApplier
    /// Stop the applier and wait until it has ended the transaction that it is at.
    case stopApplier
    /// Forget where to replicate from (`RESET REPLICA ALL`), once all is applied. Fails while the applier runs.
    case forgetSource
    /// Create what the stack needs in its database and what is not there yet: the agents' schema, the accounts, the
    /// app's database. These are transactions like any other: binlogged, and only asked for while they need not wait.
    case prepareDatabase
    /// Let exactly these hosts connect as replicas: lock the accounts of the others, not binlogged, and end their dump
    /// threads. Accounts are changed by writing, so this fails on a closed server. Each host has an account of its own
    /// by the host's name: addresses do not tell hosts apart, not even on one machine.
    case admit(HostSet)
    /// Read `gtid_executed`, and note it beside the data, on disk, with this pair and this boot: since then no commit
    /// was made without waiting for that host.
    case noteWaiting(WaitingPair)
    /// Read what the disk holds, server up or down. Answers `inspected`.
    case inspect
    /// Write these transactions into a reviewable SQL file, on disk before it answers.
    case export(GTIDSet)
    /// With the server down: cut the binary log before the first of these, and give the server a new UUID.
    case cut(GTIDSet)
    /// Throw away what was received and not applied (`RESET REPLICA`). Fails while receiver or applier run.
    case discardRelayLog
    /// Copy this host's data into a new directory and swap, keeping the old one until the copy has joined.
    case clone(from: HostID)
    /// Over SQL, close another host's server, whose agent is gone. Fails if a commit waits there.
    case closeRemotely(HostID)
}

public enum StoreRequest: Hashable, Sendable {
    /// Renew this host's lease, or take a new one if it is lost; then read the keys, linearizably, each by its name.
    case refresh
    case write(StateTransaction)
}

public enum Action: Hashable, Sendable {
    case server(id: UInt64, ServerCommand)
    case store(id: UInt64, StoreRequest)
    /// Update the heartbeat row on a connection of its own, and say when its commit returned, or that it failed.
    case heartbeat(id: UInt64)
    /// Tell every other agent.
    case broadcast(PeerStatus)
    /// Ask this primary for its inventory.
    case ask(HostID, question: UInt64)
    /// Read this server's executed and purged sets now, and send them to the host that asked.
    case answer(HostID, question: UInt64, epoch: UInt64)
}

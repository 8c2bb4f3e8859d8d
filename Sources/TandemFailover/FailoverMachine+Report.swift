/// What the rest of an agent may know of its failover.
extension FailoverMachine {
    /// The newest look at this host's server.
    public var seenServer: ServerObservation? { server.seen }

    /// Why this host is about to take over, from its first suspicion until it was promoted.
    public var takeover: TakeoverReason? { seal?.reason }

    /// A planned change of primary has begun here: this host's server is about to close, or has closed for its partner.
    public var isHandingOver: Bool { switchover?.isClosing ?? false }

    /// Nobody takes writes until this host's server does: it takes over, or leads and is not open yet.
    public var isAboutToOpen: Bool {
        if seal != nil { return true }
        guard store.record?.primary == me, switchover == nil, !isHeld, let seen = server.seen else { return false }
        return seen.life == .up && seen.access != .writing
    }

    /// A command was asked for, and its end is awaited.
    public var awaitsCommand: Bool { server.command != nil }

    /// The command whose end is awaited.
    public var commandInHand: ServerCommand? { server.command?.command }

    /// A heartbeat has been on its way for longer than one takes on a machine at rest: soon it may count against the
    /// partner.
    public var isCommitLate: Bool { unacknowledgedFor > timing.heartbeatInterval / 2 }

    /// A commit of this host's server has waited for its acknowledgement for longer than a healthy pair takes.
    public var doWritesWait: Bool { unacknowledgedFor > timing.shrinkPatience }

    /// When this host's server has to be closed (rule 9), unless something is heard before. nil: it may go on as it is.
    ///
    /// `decide` heeds it by itself. It is for whoever watches over an agent that gets no time to decide.
    public var fenceDue: Milliseconds? {
        guard let seen = server.seen, seen.life != .down, seen.access.allowsCommits, let record = store.record else {
            return nil
        }
        guard record.primary != me || mayBePaired else { return nil }
        let isLeader = store.isSureOnce && store.leaderIsMine
        let fenced = max(store.sureAt, heartbeats.provenAt) + timing.fencePatience
        return isLeader ? max(fenced, store.sureAt + timing.leaseTime) : fenced
    }
}

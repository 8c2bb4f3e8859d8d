/// What is known of this host's own database server, and the one statement that it is working on.
struct ServerKnowledge: Hashable, Sendable {
    var seen: ServerObservation?
    /// When it last answered, or was known not to run.
    var answeredAt: Milliseconds = 0
    /// When something last arrived from the primary.
    var arrivedAt: Milliseconds = 0
    /// Something arrived since this agent started.
    var hasArrived = false
    var command: Outstanding?
    /// The sessions of this host's earlier agents are ended.
    var endedOldSessions = false
    /// The boot of a server that has a statement which was given up. It may still take effect, until that boot has
    /// ended.
    var abandonedBoot: UInt32?
    /// When it was seen to have ended, after this agent had seen it up.
    var endedAt: Milliseconds?
    /// Since it ended, nobody was heard.
    var endedUnheard = false
    /// Since when it receives from its source and is close behind it, or is not.
    var distanceSince: Milliseconds = 0
    /// Closing failed because a commit waits: the next attempt is SIGKILL.
    var closeNeedsKill = false

    struct Outstanding: Hashable, Sendable {
        var id: UInt64
        var command: ServerCommand
        var since: Milliseconds
    }
}

extension FailoverMachine {
    var mayCommand: Bool {
        // By pattern: `== nil` copies what it compares, and this is asked all the time.
        if case .some = server.command { return false }
        if case .none = server.seen { return false }
        return true
    }

    mutating func observe(_ look: ServerObservation) {
        guard holdsData else { return }
        var new = look
        if look.life == .crowded { new = crowded(look) }
        if let old = server.seen {
            guard new.order >= old.order else { return }
            if new.isCloseBehind != old.isCloseBehind || new.bootCount != old.bootCount || new.source != old.source
                || (new.receiver == .connected) != (old.receiver == .connected)
            {
                server.distanceSince = now
            }
            if old.bootCount != new.bootCount || old.isSourceSideOn != new.isSourceSideOn
                || old.access.allowsCommits != new.access.allowsCommits
                || isAdmittanceTight(old.admitted) != isAdmittanceTight(new.admitted)
            {
                // What a heartbeat proved under other conditions, it does not prove under these.
                heartbeats.lastIDBeforeChange = lastID
            }
            if old.bootCount != new.bootCount || !new.access.allowsCommits {
                heartbeats.outstanding = nil
                heartbeats.unacknowledgedSince = nil
            }
            if old.receivedCount != new.receivedCount, new.receiver == .connected {
                server.arrivedAt = now
                server.hasArrived = true
            }
            let isNews =
                (old.life == .up) != (new.life == .up) || old.receiver != new.receiver
                || old.receiverAcknowledges != new.receiverAcknowledges || old.isReplicaSideOn != new.isReplicaSideOn
                || old.isCloseBehind != new.isCloseBehind || old.access.allowsCommits != new.access.allowsCommits
            if isNews { broadcasts.hasNews = true }
        }
        if new.life != .unresponsive, new.life != .crowded || rules.toleratesCrowding { server.answeredAt = now }
        noteEnd(of: server.seen, new)
        server.seen = new
        if new.life == .down { server.endedOldSessions = true }
        if new.life == .down || new.bootCount != server.abandonedBoot { server.abandonedBoot = nil }
    }

    private mutating func noteEnd(of old: ServerObservation?, _ new: ServerObservation) {
        if new.life != .down {
            server.endedAt = nil
            server.endedUnheard = false
        } else if let old, old.life != .down {
            server.endedAt = now
        }
    }

    /// Of a server that takes no more connections it is only known that it runs: all else is taken to be as it was.
    private func crowded(_ look: ServerObservation) -> ServerObservation {
        guard var known = server.seen, known.bootCount == look.bootCount else { return look }
        known.life = .crowded
        known.order = look.order
        return known
    }

    /// One statement at a time: the next is chosen from what was seen after the last.
    mutating func issue(_ command: ServerCommand, _ out: inout [Action]) {
        guard server.command == nil else { return }
        let id = nextID()
        server.command = .init(id: id, command: command, since: now)
        out.append(.server(id: id, command))
    }

    mutating func finishCommand(_ id: UInt64, _ outcome: CommandOutcome) {
        guard let running = server.command, running.id == id else { return }
        server.command = nil
        switch (running.command, outcome) {
        case (.killSessions, .done): server.endedOldSessions = true
        case (.inspect, .inspected(let inventory)): rejoin.inventory = inventory
        case (.export, .done): rejoin.hasExported = true
        case (.cut, _), (.discardRelayLog, _), (.clone, _): rejoin = Rejoin()
        case (.closeRemotely, .done): remoteClosing.isDone = true
        case (.closeRemotely, _): remoteClosing.failedAt = now
        default: break
        }
        if running.command == .setAccess(.closed), outcome == .failed {
            // A planned change is given up; anything else is not.
            if switchover?.isClosing == true { switchover?.phase = .rolledBack } else { server.closeNeedsKill = true }
        }
        if running.command == .killServer { server.closeNeedsKill = false }
    }

    /// A statement that does not answer may still take effect later, when it would be wrong: it is ended with its
    /// server, which then boots closed.
    mutating func expireCommand(_ out: inout [Action]) {
        guard let running = server.command else {
            if server.abandonedBoot != nil {
                // It was to be killed, and was not.
                issue(.killServer, &out)
                return
            }
            let isSilent = server.seen?.life == .unresponsive || server.seen?.life == .crowded
            if isSilent, now - server.answeredAt > timing.serverPatience {
                issue(.killServer, &out)
            }
            return
        }
        guard now - running.since > patience(for: running.command) else { return }
        server.command = nil
        if !rules.endsHangingStatements, running.command != .killServer { return }
        if let seen = server.seen, seen.life != .down { server.abandonedBoot = seen.bootCount }
        issue(.killServer, &out)
    }

    private func patience(for command: ServerCommand) -> Milliseconds {
        switch command {
        case .clone: timing.clonePatience
        // The agent writes down all that the server committed while its commits did not wait for the disk, which may be
        // much.
        case .setDurability(true): timing.bootPatience
        case .startServer, .stopServer, .cut, .export, .inspect, .prepareDatabase: timing.bootPatience
        default: timing.commandPatience
        }
    }

    /// Before anything else: nothing that an earlier agent of this host sent may take effect from now on.
    mutating func endOldSessions(_ out: inout [Action]) -> Bool {
        guard !server.endedOldSessions, rules.endsOldSessions else { return false }
        issue(.killSessions, &out)
        return true
    }

    /// Nothing read yet: the server goes on as it was, unless it is open, a pair, and nothing acknowledges.
    mutating func fenceUnread(_ out: inout [Action]) {
        guard let seen = server.seen, seen.life == .up else { return }
        if !rules.readsBeforeReceiving, seen.receiver == .off, let other = firstOtherDataHost {
            issue(.startReceiver(from: other, epoch: seen.attachedEpoch), &out)
            return
        }
        sendHeartbeat(&out)
        guard seen.access.allowsCommits, seen.isSourceSideOn else { return }
        if now - heartbeats.provenAt > timing.fencePatience { close(&out) }
    }

    /// Offline, then super_read_only; where a commit waits, which the latter would hang behind, SIGKILL.
    mutating func close(_ out: inout [Action]) {
        guard server.closeNeedsKill else {
            issue(.setAccess(.closed), &out)
            return
        }
        issue(!rules.killsToClose ? .setSourceSide(false) : .killServer, &out)
    }

    private var firstOtherDataHost: HostID? {
        peers.indices.map { HostID($0) }.first { $0 != me && configuration.dataHosts.contains($0) }
    }
}

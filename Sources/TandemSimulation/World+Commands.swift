import TandemFailover

extension World {
    /// An agent starts a statement (or a step of its own); it takes effect a little later.
    mutating func send(_ command: ServerCommand, _ host: Int, _ id: UInt64) {
        if isTracing { note(host, describe(command)) }
        if command == .setAccess(.closed) { checkClosing(host) }
        if command == .startServer, agents[host].isHoldingServer {
            violate(.startedWhileHeld, host, "starts its server, though an operator wants it stopped")
        }
        let delay: Int
        switch command {
        case .startServer, .killServer: delay = 2_000 + random.below(10_000)
        case .clone: delay = 1_000_000 + random.below(2_000_000)
        case .inspect, .export, .cut: delay = 20_000 + random.below(80_000)
        case .setSourceSide(false):
            // What waits is let go at once; the statement itself goes on for half a second or more.
            servers[host].note = serverDefects.contains(.keepsNote) ? servers[host].note : nil
            delay = 5_000 + random.below(25_000)
        case .setDurability(false):
            if !servers[host].isTorn {
                servers[host].undurableFrom = servers[host].undurableFrom ?? servers[host].logged
            }
            delay = 1_000 + random.below(8_000)
        case .stopServer: delay = 500_000 + random.below(1_500_000)
        case .stopApplier where servers[host].applierSlowUntil > time: delay = random.below(2_000_000)
        case .prepareDatabase: delay = 50_000 + random.below(300_000)
        case .stopReceiver: delay = 1_000 + random.below(8_000)
        default: delay = 500 + random.below(3_000)
        }
        let isSlow = servers[host].diskSlowUntil > time
        var extra = isSlow ? random.below(1_500_000) : 0
        // Now and then a statement hangs for seconds, behind a lock or a flush.
        if random.onceIn(40) { extra += random.below(random.onceIn(4) ? 9_000_000 : 3_000_000) }
        schedule(
            .command(
                host: host, incarnation: hosts[host].incarnation, boot: servers[host].boot, id: id, command),
            after: delay + extra)
    }

    mutating func carryOut(
        _ command: ServerCommand, _ host: Int, _ incarnation: UInt32, _ boot: UInt32, _ id: UInt64
    ) {
        guard hosts[host].isPowered else { return }
        if let done = carryOutLocally(command, host, incarnation, id) {
            finish(host, incarnation, id, done)
            return
        }
        if case .closeRemotely(let other) = command {
            closeRemotely(Int(other.index), by: host, incarnation, id)
            return
        }
        // A statement outlives the agent that sent it, not the server, and not the next agent's first step.
        guard servers[host].isUp, servers[host].boot == boot else {
            finish(host, incarnation, id, .failed)
            return
        }
        let thaw = serverThaws(host)
        guard thaw <= time else {
            queue.push(.command(host: host, incarnation: incarnation, boot: boot, id: id, command), at: thaw)
            return
        }
        guard incarnation >= servers[host].sessionsFrom else { return }
        if servers[host].crowdedUntil > time, random.onceIn(2) {
            finish(host, incarnation, id, .failed)
            return
        }
        if command == .killSessions, serverDefects.contains(.waitsForKilledSessions), servers[host].waiting > 0 {
            servers[host].waitsForKilledSessions = true
            schedule(.command(host: host, incarnation: incarnation, boot: boot, id: id, command), after: 200_000)
            return
        }
        servers[host].settle(at: time)
        needsAbilityCheck = true
        let outcome = execute(command, host, incarnation, id)
        guard let outcome else { return }
        guard command == .setSourceSide(false), !isExploring else {
            finish(host, incarnation, id, outcome)
            return
        }
        schedule(
            .commandEnds(host: host, boot: boot, incarnation: incarnation, id: id),
            after: 450_000 + random.below(550_000))
    }

    mutating func commandEnds(_ host: Int, _ boot: UInt32, _ incarnation: UInt32, _ id: UInt64) {
        finish(host, incarnation, id, servers[host].boot == boot ? .done : .failed)
    }

    /// What the agent does itself, and what dies with it. nil for SQL. What it gave up, it does not do any more.
    private mutating func carryOutLocally(
        _ command: ServerCommand, _ host: Int, _ incarnation: UInt32, _ id: UInt64
    ) -> CommandOutcome? {
        let isAlive =
            hosts[host].incarnation == incarnation && hosts[host].hasAgent && agents[host].awaitedCommand == id
        switch command {
        case .startServer:
            guard isAlive, servers[host].process == .down else { return .failed }
            if !serverDefects.contains(.keepsNote) { servers[host].note = nil }
            if !servers[host].isTorn { servers[host].undurableFrom = nil }
            bootServer(host)
        case .stopServer:
            guard isAlive, servers[host].process == .up, serverThaws(host) <= time else { return .failed }
            // The agent looks once more. A reducer that would stop an open server is to be found by what follows from
            // it.
            let isClosed = servers[host].access == .closed && servers[host].waiting == 0
            guard isClosed || !agents[host].configuration.rules.closesBeforeStopping else { return .failed }
            // SIGTERM: clients are told OK for what waits.
            release(host, upTo: servers[host].logged)
            killServer(host, by: "SIGTERM")
        case .killServer:
            guard isAlive else { return .failed }
            if servers[host].waitsForKilledSessions {
                violate(
                    .needlessKill, host, "kills its server, though all that is left of earlier sessions is a commit")
            }
            if serverDefects.contains(.terminatesPolitely) { release(host, upTo: servers[host].logged) }
            killServer(host, by: "its agent")
        case .cut(let tail):
            guard isAlive, servers[host].process == .down else { return .failed }
            cut(host, tail)
        case .export(let tail):
            guard isAlive else { return .failed }
            export(host, tail)
        case .inspect:
            guard isAlive, servers[host].process != .booting else { return .failed }
            servers[host].settle(at: time)
            return .inspected(inventory(host))
        case .clone(let source):
            guard isAlive else { return .failed }
            return clone(host, from: Int(source.index)) ? .done : .failed
        default: return nil
        }
        return .done
    }

    /// nil: the statement goes on.
    private mutating func execute(
        _ command: ServerCommand, _ host: Int, _ incarnation: UInt32, _ id: UInt64
    ) -> CommandOutcome? {
        switch command {
        case .killSessions: servers[host].sessionsFrom = incarnation
        case .setAccess(let access):
            // Behind a commit that waits, super_read_only runs into its lock wait time-out.
            if access == .reading, servers[host].waiting > 0 { return .failed }
            if access == .closed {
                beginClosing(host, by: host, incarnation, id)
                return nil
            }
            servers[host].access = access
            // From here on clients read what is committed: what they saw must not be lost any more than a write.
            if access == .writing, !ledger.show(histories[host], upTo: servers[host].committed) {
                violate(.lostWrite, host, "opens and shows what those who acknowledged later writes lack")
            }
        case .setSourceSide(let isOn):
            servers[host].isSourceSideOn = isOn
            if !isOn { release(host, upTo: servers[host].logged) }
            if !isOn { servers[host].applierReadyAt = max(servers[host].applierReadyAt, time + 5_000) }
        case .setReplicaSide(let isOn):
            let mayAcknowledge = servers[host].isDurable || serverDefects.contains(.acknowledgesUndurable)
            guard !isOn || mayAcknowledge else { return .failed }
            servers[host].isReplicaSideOn = isOn
            if isOn { servers[host].syncsRelayLog = true }
        case .setDurability(let isOn): return setDurability(isOn, host)
        case .startReceiver(let source, let epoch):
            guard !servers[host].isApplierOn || servers[host].source == Int(source.index) else { return .failed }
            servers[host].settle(at: time)
            let isApplied = servers[host].logged == servers[host].held || servers[host].source != Int(source.index)
            guard isApplied || !servers[host].isReplicaSideOn || serverDefects.contains(.acknowledgesUnapplied) else {
                return .failed
            }
            servers[host].syncsRelayLog = servers[host].isReplicaSideOn
            startReceiver(host, Int(source.index), epoch)
        case .stopReceiver:
            servers[host].stopReceiver()
            servers[host].isReceiverRefused = false
        case .startApplier:
            servers[host].isApplierOn = true
            servers[host].applierReadyAt = isExploring ? .max : time + Int64(1_000 + random.below(30_000))
        case .stopApplier: servers[host].isApplierOn = false
        case .discardRelayLog:
            guard !servers[host].isApplierOn, !servers[host].isReceiverOn else { return .failed }
            discardRelayLog(host)
        case .forgetSource:
            guard !servers[host].isApplierOn, !servers[host].isReceiverOn else { return .failed }
            discardRelayLog(host)
            servers[host].source = nil
        case .prepareDatabase:
            guard servers[host].access.allowsCommits else { return .failed }
            if servers[host].held == 0 { commit(host, isClient: false) }
        case .noteWaiting(let pair):
            servers[host].note = WaitingNote(
                pair: pair, executed: ledger.gtids(of: histories[host][..<servers[host].committed]))
        case .admit(let admitted):
            // Accounts are changed by writing: error 1290 on a closed server.
            guard servers[host].access.allowsCommits else { return .failed }
            // Nobody has an account yet: there is nothing to change, and nothing is seen to have changed.
            guard servers[host].committed > 0 else { return .done }
            servers[host].admitted = admitted
            for other in hosts.indices where servers[other].connection?.source == host {
                if !admitted.contains(HostID(other)) { loseConnection(other) }
            }
        default: break
        }
        return .done
    }

    private mutating func setDurability(_ isOn: Bool, _ host: Int) -> CommandOutcome {
        guard isOn else {
            guard !servers[host].isTorn else { return .failed }
            servers[host].isDurable = false
            return .done
        }
        if servers[host].isTorn {
            // An operator may force it to lead.
            guard store.record?.primary == HostID(host) else {
                violate(.diverged, host, "takes torn data for whole")
                return .failed
            }
            servers[host].isTorn = false
        }
        servers[host].isDurable = true
        servers[host].undurableFrom = nil
        return .done
    }

    private mutating func startReceiver(_ host: Int, _ source: Int, _ epoch: UInt64) {
        if servers[host].source != source {
            discardRelayLog(host)
            servers[host].source = source
        }
        servers[host].attachedEpoch = epoch
        servers[host].isReceiverOn = true
        servers[host].isReceiverRefused = false
        schedule(.connect(host: host, boot: servers[host].boot), after: 1_000 + random.below(3_000))
    }

    /// SQL over the network: another host's agent closes this server.
    private mutating func closeRemotely(_ other: Int, by host: Int, _ incarnation: UInt32, _ id: UInt64) {
        guard serverAnswers(other), isConnected(host, other) else {
            finish(host, incarnation, id, .failed)
            return
        }
        needsAbilityCheck = true
        beginClosing(other, by: host, incarnation, id)
    }

    /// offline_mode cuts clients off at once. With a commit waiting, super_read_only runs into its lock wait time-out,
    /// and agents may write until then, and after it.
    private mutating func beginClosing(_ host: Int, by asker: Int, _ incarnation: UInt32, _ id: UInt64) {
        servers[host].access = servers[host].waiting > 0 ? .guarded : .closed
        guard servers[host].waiting > 0 else {
            finish(asker, incarnation, id, .done)
            return
        }
        let boot = servers[host].boot
        schedule(.closingEnds(host: host, boot: boot, by: asker, incarnation: incarnation, id: id), after: 2_000_000)
    }

    mutating func closingEnds(_ host: Int, _ boot: UInt32, _ by: Int, _ incarnation: UInt32, _ id: UInt64) {
        let hasFailed = servers[host].boot != boot || servers[host].waiting > 0
        if !hasFailed {
            switch servers[host].access {
            case .guarded: servers[host].access = .closed
            // Whoever opened it meanwhile has opened it for reading.
            case .writing: servers[host].access = .reading
            case .closed, .reading: break
            }
            needsAbilityCheck = true
        }
        finish(by, incarnation, id, hasFailed ? .failed : .done)
    }
}

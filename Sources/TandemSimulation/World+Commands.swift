import TandemFailover

extension World {
    /// An agent starts a statement (or a step of its own); it takes effect a little later.
    mutating func send(_ command: ServerCommand, _ host: Int, _ id: UInt64) {
        if isTracing { note(host, describe(command)) }
        if command == .setAccess(.closed) { checkClosing(host) }
        let delay: Int
        switch command {
        case .startServer, .killServer: delay = 2_000 + random.below(10_000)
        case .clone: delay = 1_000_000 + random.below(2_000_000)
        case .inspect, .export, .cut: delay = 20_000 + random.below(80_000)
        case .setSourceSide(false): delay = random.onceIn(3) ? 1_000_000 : 20_000
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
        servers[host].settle(at: time)
        execute(command, host, incarnation, id)
        needsAbilityCheck = true
    }

    mutating func finish(_ host: Int, _ incarnation: UInt32, _ id: UInt64, _ outcome: CommandOutcome) {
        tell(host, incarnation, .commandFinished(id: id, outcome, observe(host)))
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
            bootServer(host)
        case .killServer:
            guard isAlive else { return .failed }
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
        case .discardRelayLog:
            guard isAlive else { return .failed }
            discardRelayLog(host)
        default: return nil
        }
        return .done
    }

    private mutating func execute(_ command: ServerCommand, _ host: Int, _ incarnation: UInt32, _ id: UInt64) {
        switch command {
        case .killSessions: servers[host].sessionsFrom = incarnation
        case .setAccess(let access):
            servers[host].access = access
            // From here on clients read what is committed: what they saw must not be lost any more than a write.
            if access == .writing, !ledger.show(histories[host], upTo: servers[host].committed) {
                violate(.lostWrite, host, "opens and shows what those who acknowledged later writes lack")
            }
            if access == .closed {
                endClosing(host, by: host, incarnation, id)
                return
            }
        case .setSourceSide(let isOn):
            servers[host].isSourceSideOn = isOn
            if !isOn { release(host, upTo: servers[host].logged) }
            if !isOn { servers[host].applierReadyAt = max(servers[host].applierReadyAt, time + 5_000) }
        case .setReplicaSide(let isOn): servers[host].isReplicaSideOn = isOn
        case .startReceiver(let source, let epoch): startReceiver(host, Int(source.index), epoch)
        case .stopReceiver:
            servers[host].stopReceiver()
            servers[host].isReceiverRefused = false
        case .startApplier:
            servers[host].isApplierOn = true
            servers[host].applierReadyAt = isExploring ? .max : time + Int64(1_000 + random.below(30_000))
        case .forgetSource:
            discardRelayLog(host)
            servers[host].source = nil
            servers[host].isApplierOn = false
        case .admit(let admitted):
            servers[host].admitted = admitted
            for other in hosts.indices where servers[other].connection?.source == host {
                if !admitted.contains(HostID(other)) { loseConnection(other) }
            }
        default: break
        }
        finish(host, incarnation, id, .done)
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
        servers[other].access = .closed
        needsAbilityCheck = true
        endClosing(other, by: host, incarnation, id)
    }

    /// With a commit waiting, super_read_only runs into its lock wait time-out.
    private mutating func endClosing(_ host: Int, by asker: Int, _ incarnation: UInt32, _ id: UInt64) {
        guard servers[host].waiting > 0 else {
            finish(asker, incarnation, id, .done)
            return
        }
        let boot = servers[host].boot
        schedule(.closingEnds(host: host, boot: boot, by: asker, incarnation: incarnation, id: id), after: 2_000_000)
    }

    mutating func closingEnds(_ host: Int, _ boot: UInt32, _ by: Int, _ incarnation: UInt32, _ id: UInt64) {
        let hasFailed = servers[host].boot != boot || servers[host].waiting > 0
        finish(by, incarnation, id, hasFailed ? .failed : .done)
    }
}

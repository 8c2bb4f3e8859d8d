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
        let isSlow = hosts[host].server.diskSlowUntil > time
        var extra = isSlow ? random.below(1_500_000) : 0
        // Now and then a statement hangs for seconds, behind a lock or a flush.
        if random.onceIn(40) { extra += random.below(random.onceIn(4) ? 9_000_000 : 3_000_000) }
        schedule(
            .command(
                host: host, incarnation: hosts[host].incarnation, boot: hosts[host].server.boot, id: id, command),
            after: delay + extra)
    }

    mutating func carryOut(
        _ command: ServerCommand, _ host: Int, _ incarnation: UInt32, _ boot: UInt32, _ id: UInt64
    ) {
        guard hosts[host].isPowered else { return }
        if let done = carryOutLocally(command, host, incarnation) {
            finish(host, incarnation, id, done)
            return
        }
        if case .closeRemotely(let other) = command {
            closeRemotely(Int(other.index), by: host, incarnation, id)
            return
        }
        // A statement outlives the agent that sent it, not the server, and not the next agent's first step.
        guard hosts[host].server.isUp, hosts[host].server.boot == boot else {
            finish(host, incarnation, id, .failed)
            return
        }
        let thaw = serverThaws(host)
        guard thaw <= time else {
            queue.push(.command(host: host, incarnation: incarnation, boot: boot, id: id, command), at: thaw)
            return
        }
        guard incarnation >= hosts[host].server.sessionsFrom else { return }
        hosts[host].server.settle(at: time)
        execute(command, host, incarnation, id)
        needsAbilityCheck = true
    }

    mutating func finish(_ host: Int, _ incarnation: UInt32, _ id: UInt64, _ outcome: CommandOutcome) {
        tell(host, incarnation, .commandFinished(id: id, outcome, observe(host)))
    }

    /// What the agent does itself, and what dies with it. nil for SQL.
    private mutating func carryOutLocally(
        _ command: ServerCommand, _ host: Int, _ incarnation: UInt32
    ) -> CommandOutcome? {
        let isAlive = hosts[host].incarnation == incarnation && hosts[host].agent != nil
        switch command {
        case .startServer:
            guard isAlive, hosts[host].server.process == .down else { return .failed }
            bootServer(host)
        case .killServer:
            guard isAlive else { return .failed }
            if serverDefects.contains(.terminatesPolitely) { release(host, upTo: hosts[host].server.logged) }
            killServer(host, by: "its agent")
        case .cut(let tail):
            guard isAlive, hosts[host].server.process == .down else { return .failed }
            cut(host, tail)
        case .export(let tail):
            guard isAlive else { return .failed }
            export(host, tail)
        case .inspect:
            guard isAlive, hosts[host].server.process != .booting else { return .failed }
            hosts[host].server.settle(at: time)
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
        case .killSessions: hosts[host].server.sessionsFrom = incarnation
        case .setAccess(let access):
            hosts[host].server.access = access
            // From here on clients read what is committed: what they saw must not be lost any more than a write.
            if access == .writing, !ledger.show(hosts[host].server.history, upTo: hosts[host].server.committed) {
                violate(.lostWrite, host, "opens and shows what those who acknowledged later writes lack")
            }
            if access == .closed {
                endClosing(host, by: host, incarnation, id)
                return
            }
        case .setSourceSide(let isOn):
            hosts[host].server.isSourceSideOn = isOn
            if !isOn { release(host, upTo: hosts[host].server.logged) }
            if !isOn { hosts[host].server.applierReadyAt = max(hosts[host].server.applierReadyAt, time + 5_000) }
        case .setReplicaSide(let isOn): hosts[host].server.isReplicaSideOn = isOn
        case .startReceiver(let source, let epoch): startReceiver(host, Int(source.index), epoch)
        case .stopReceiver:
            hosts[host].server.stopReceiver()
            hosts[host].server.isReceiverRefused = false
        case .startApplier:
            hosts[host].server.isApplierOn = true
            hosts[host].server.applierReadyAt = isExploring ? .max : time + Int64(1_000 + random.below(30_000))
        case .forgetSource:
            discardRelayLog(host)
            hosts[host].server.source = nil
            hosts[host].server.isApplierOn = false
        case .admit(let admitted):
            hosts[host].server.admitted = admitted
            for other in hosts.indices where hosts[other].server.connection?.source == host {
                if !admitted.contains(HostID(other)) { loseConnection(other) }
            }
        default: break
        }
        finish(host, incarnation, id, .done)
    }

    private mutating func startReceiver(_ host: Int, _ source: Int, _ epoch: UInt64) {
        if hosts[host].server.source != source {
            discardRelayLog(host)
            hosts[host].server.source = source
        }
        hosts[host].server.attachedEpoch = epoch
        hosts[host].server.isReceiverOn = true
        hosts[host].server.isReceiverRefused = false
        schedule(.connect(host: host, boot: hosts[host].server.boot), after: 1_000 + random.below(3_000))
    }

    /// SQL over the network: another host's agent closes this server.
    private mutating func closeRemotely(_ other: Int, by host: Int, _ incarnation: UInt32, _ id: UInt64) {
        guard serverAnswers(other), isConnected(host, other) else {
            finish(host, incarnation, id, .failed)
            return
        }
        hosts[other].server.access = .closed
        needsAbilityCheck = true
        endClosing(other, by: host, incarnation, id)
    }

    /// With a commit waiting, super_read_only runs into its lock wait time-out.
    private mutating func endClosing(_ host: Int, by asker: Int, _ incarnation: UInt32, _ id: UInt64) {
        guard hosts[host].server.waiting > 0 else {
            finish(asker, incarnation, id, .done)
            return
        }
        let boot = hosts[host].server.boot
        schedule(.closingEnds(host: host, boot: boot, by: asker, incarnation: incarnation, id: id), after: 2_000_000)
    }

    mutating func closingEnds(_ host: Int, _ boot: UInt32, _ by: Int, _ incarnation: UInt32, _ id: UInt64) {
        let hasFailed = hosts[host].server.boot != boot || hosts[host].server.waiting > 0
        finish(by, incarnation, id, hasFailed ? .failed : .done)
    }
}

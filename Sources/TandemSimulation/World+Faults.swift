import TandemFailover

extension World {
    mutating func begin(_ fault: Fault) {
        guard !faultsAreOver else { return }
        noteFault(fault)
        let until = time + fault.lastsMicroseconds
        let host = fault.host
        switch fault.kind {
        case .serverKilled: killServer(host, by: "a fault")
        case .serverFrozen: hosts[host].server.frozenUntil = max(hosts[host].server.frozenUntil, until)
        case .agentKilled: killAgent(host, restartsAfter: fault.lastsMicroseconds)
        case .agentFrozen: hosts[host].agentFrozenUntil = max(hosts[host].agentFrozenUntil, until)
        case .bothKilled:
            killServer(host, by: "a fault")
            killAgent(host, restartsAfter: fault.lastsMicroseconds)
        case .powerLost: cutPower(host, for: fault.lastsMicroseconds)
        case .hostFrozen: freezeHost(host, until)
        case .linkCut, .linkCutOneWay, .isolated: cutLinks(fault)
        case .diskSlow: hosts[host].server.diskSlowUntil = max(hosts[host].server.diskSlowUntil, until)
        case .applierSlow: hosts[host].server.applierSlowUntil = max(hosts[host].server.applierSlowUntil, until)
        case .storeLeaderLost: loseStoreLeader()
        case .storeGone: loseStore(until)
        case .everythingLost:
            for host in hosts.indices {
                cutPower(host, for: fault.lastsMicroseconds / 2 + Int64(random.below(4_000_000)))
            }
        case .networkFlaky: flakyUntil = max(flakyUntil, until)
        case .clockJumped: hosts[host].clockOffset += fault.lastsMicroseconds
        case .switchoverAsked: askSwitchover(fault)
        case .paused: pause(fault)
        case .logsPurged: purgeLogs()
        }
        needsAbilityCheck = true
    }

    mutating func end(_ fault: Fault) {
        switch fault.kind {
        case .linkCut, .linkCutOneWay, .isolated:
            // Overlapping cuts heal together, at the end of the first: a link is up or down, not counted.
            blocked = Array(repeating: 0, count: hosts.count)
            if isTracing { note(nil, "the network is whole again") }
            networkChanged()
        case .paused: store.isPaused = false
        case .storeGone, .hostFrozen: networkChanged()
        default: break
        }
    }

    mutating func killAgent(_ host: Int, restartsAfter delay: Int64) {
        guard hosts[host].isPowered else { return }
        hosts[host].agent = nil
        hosts[host].agentFrozenUntil = 0
        hosts[host].incarnation &+= 1
        schedule(.agentStarts(host: host, incarnation: hosts[host].incarnation), after: Int(delay) + 100_000)
    }

    private mutating func cutPower(_ host: Int, for length: Int64) {
        guard hosts[host].isPowered else { return }
        if isTracing { note(host, "loses power") }
        hosts[host].isPowered = false
        hosts[host].powerCount &+= 1
        hosts[host].frozenUntil = 0
        hosts[host].agentFrozenUntil = 0
        hosts[host].agent = nil
        hosts[host].incarnation &+= 1
        if hosts[host].holdsData { losePower(host) }
        schedule(.hostStarts(host: host, power: hosts[host].powerCount), after: Int(length) + 1_000_000)
        networkChanged()
    }

    mutating func startHost(_ host: Int, _ power: UInt32) {
        guard hosts[host].powerCount == power, !hosts[host].isPowered else { return }
        hosts[host].isPowered = true
        // A monotonic clock begins anywhere.
        hosts[host].clockOffset = Int64(random.below(100_000_000))
        if isTracing { note(host, "has power again") }
        schedule(
            .agentStarts(host: host, incarnation: hosts[host].incarnation), after: 200_000 + random.below(2_000_000))
        networkChanged()
    }

    private mutating func freezeHost(_ host: Int, _ until: Int64) {
        guard hosts[host].isPowered, until > hosts[host].frozenUntil else { return }
        hosts[host].frozenUntil = until
        // The clock of a virtual machine that was halted may have stood still meanwhile.
        if random.onceIn(2) { hosts[host].clockOffset -= until - time }
        networkChanged()
        schedule(.faultEnds(faults.firstIndex { $0.kind == .hostFrozen } ?? 0), after: Int(until - time) + 1)
    }

    private mutating func cutLinks(_ fault: Fault) {
        let others = fault.kind == .isolated ? Array(hosts.indices) : [fault.other]
        for other in others where other != fault.host {
            blocked[fault.host] |= 1 << UInt64(other)
            if fault.kind != .linkCutOneWay { blocked[other] |= 1 << UInt64(fault.host) }
        }
        networkChanged()
        if let index = faults.firstIndex(of: fault) {
            schedule(.faultEnds(index), after: Int(fault.lastsMicroseconds))
        }
    }

    private mutating func loseStore(_ until: Int64) {
        storeOutageUntil = max(storeOutageUntil, until)
        networkChanged()
        schedule(
            .faultEnds(faults.firstIndex { $0.kind == .storeGone } ?? 0), after: Int(storeOutageUntil - time) + 1)
    }

    private mutating func askSwitchover(_ fault: Fault) {
        guard store.voter != nil else { return }
        store.revision += 1
        store.intent = SwitchoverIntent(
            id: store.revision, to: HostID(fault.other), pauseBudget: fault.lastsMicroseconds / 1_000)
    }

    private mutating func pause(_ fault: Fault) {
        guard store.voter != nil else { return }
        store.isPaused = true
        if let index = faults.firstIndex(of: fault) {
            schedule(.faultEnds(index), after: Int(fault.lastsMicroseconds))
        }
    }

    /// The primary's old binary logs expire.
    private mutating func purgeLogs() {
        guard let record = store.record else { return }
        let primary = Int(record.primary.index)
        guard serverAnswers(primary), hosts[primary].server.access == .writing else { return }
        let slowest = record.partner.map { hosts[Int($0.index)].server.history.count } ?? .max
        let count = min(hosts[primary].server.committed, slowest) - 3
        hosts[primary].server.purged = max(hosts[primary].server.purged, count)
    }

    /// No more faults: everything that was broken works again.
    mutating func heal() {
        faultsAreOver = true
        healedAt = time
        if isTracing { note(nil, "all faults are over") }
        blocked = Array(repeating: 0, count: hosts.count)
        flakyUntil = 0
        storeOutageUntil = 0
        store.isPaused = false
        for host in hosts.indices {
            hosts[host].frozenUntil = 0
            hosts[host].agentFrozenUntil = 0
            hosts[host].server.frozenUntil = 0
            hosts[host].server.diskSlowUntil = 0
            hosts[host].server.applierSlowUntil = 0
            if !hosts[host].isPowered {
                startHost(host, hosts[host].powerCount)
            } else if hosts[host].agent == nil {
                schedule(.agentStarts(host: host, incarnation: hosts[host].incarnation), after: 100_000)
            }
        }
        networkChanged()
    }
}

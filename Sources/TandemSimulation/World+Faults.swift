import TandemFailover

extension World {
    mutating func begin(_ fault: Fault) {
        guard !faultsAreOver else { return }
        noteFault(fault)
        let until = time + fault.lastsMicroseconds
        let host = fault.host
        switch fault.kind {
        case .serverKilled: killServer(host, by: "a fault")
        case .serverFrozen: servers[host].frozenUntil = max(servers[host].frozenUntil, until)
        case .agentKilled: killAgent(host, restartsAfter: fault.lastsMicroseconds)
        case .agentFrozen: hosts[host].agentFrozenUntil = max(hosts[host].agentFrozenUntil, until)
        case .bothKilled:
            killServer(host, by: "a fault")
            killAgent(host, restartsAfter: fault.lastsMicroseconds)
        case .powerLost: cutPower(host, for: fault.lastsMicroseconds)
        case .hostFrozen: freezeHost(host, until)
        case .linkCut, .linkCutOneWay, .isolated: cutLinks(fault)
        case .diskSlow: servers[host].diskSlowUntil = max(servers[host].diskSlowUntil, until)
        case .applierSlow: servers[host].applierSlowUntil = max(servers[host].applierSlowUntil, until)
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
        case .failoverForced: forceFailover(fault)
        case .connectionStorm: servers[host].crowdedUntil = max(servers[host].crowdedUntil, until)
        case .held: holdServer(host, until)
        case .timingChanged: changeTiming(host)
        case .leasesLost: store.expireAllLeases()
        case .storeErased: eraseStore(fault)
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
        endAgent(host)
        hosts[host].agentFrozenUntil = 0
        hosts[host].incarnation &+= 1
        schedule(.agentStarts(host: host, incarnation: hosts[host].incarnation), after: Int(delay) + 100_000)
    }

    private mutating func endAgent(_ host: Int) {
        guard hosts[host].hasAgent else { return }
        hosts[host].hasAgent = false
        hosts[host].cluster = agents[host].knownCluster
    }

    private mutating func cutPower(_ host: Int, for length: Int64) {
        guard hosts[host].isPowered else { return }
        if isTracing { note(host, "loses power") }
        hosts[host].isPowered = false
        hosts[host].powerCount &+= 1
        hosts[host].frozenUntil = 0
        hosts[host].agentFrozenUntil = 0
        endAgent(host)
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
        // The clock of a virtual machine that was halted may have stood still meanwhile. It never goes back.
        if !isFrozen(host) { hosts[host].clockStands = false }
        if random.onceIn(2) {
            hosts[host].clockOffset -= until - max(time, hosts[host].frozenUntil)
            hosts[host].clockStands = true
        }
        hosts[host].frozenUntil = until
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

    /// The primary's host loses power for a while that looks like for ever, and an operator gives the word: neither
    /// agent nor server runs, at this revision of `state`.
    private mutating func forceFailover(_ fault: Fault) {
        guard store.voter != nil, let record = store.record else { return }
        let primary = Int(record.primary.index)
        guard fault.other != primary else { return }
        cutPower(primary, for: fault.lastsMicroseconds)
        store.revision += 1
        store.intent = SwitchoverIntent(
            id: store.revision, to: HostID(fault.other), pauseBudget: 3_000, forcedAtRevision: store.stateRevision)
        if confirmation.stateRevision != store.stateRevision {
            confirmation = ForceConfirmation(stateRevision: store.stateRevision)
        }
        confirmation.hosts.insert(HostID(fault.other))
        ledger.forceIsConfirmed()
    }

    private mutating func holdServer(_ host: Int, _ until: Int64) {
        guard hosts[host].holdsData else { return }
        hosts[host].heldUntil = max(hosts[host].heldUntil, until)
        order(host, isHeld: true)
        schedule(.holdEnds(host: host), after: Int(hosts[host].heldUntil - time))
    }

    mutating func endHold(_ host: Int) {
        guard hosts[host].heldUntil <= time else { return }
        order(host, isHeld: false)
    }

    private mutating func order(_ host: Int, isHeld: Bool) {
        hosts[host].holdCount += 1
        guard hosts[host].hasAgent else { return }
        tell(host, hosts[host].incarnation, .held(HoldOrder(isHeld: isHeld, number: hosts[host].holdCount)))
    }

    /// New settings: the running agent goes on with another timing.
    private mutating func changeTiming(_ host: Int) {
        guard hosts[host].hasAgent, hosts[host].agentFrozenUntil <= time, !isFrozen(host) else { return }
        var new = agents[host].configuration
        new.timing = Timing()
        if random.onceIn(2) {
            new.timing.heartbeatInterval = 1_000
            new.timing.shrinkPatience = 1_500
            new.timing.hearingPatience = 2_500
        }
        agents[host].adopt(new)
    }

    /// All hosts lose power, and etcd's disks come back empty. In the end an operator has the stack go on from the data
    /// of the host that was the primary.
    private mutating func eraseStore(_ fault: Fault) {
        for host in hosts.indices { cutPower(host, for: fault.lastsMicroseconds) }
        if let record = store.record { lostRecord = record }
        store.loseKeys()
        // A stack that nobody knew of had not begun: the host that founded it had not even heard that it had.
        if hosts.allSatisfy({ $0.cluster == nil }), servers.allSatisfy(\.isFresh) {
            lostRecord = nil
            store.history = []
        }
        if lostRecord != nil { schedule(.operatorAdopts, after: Int(fault.lastsMicroseconds) + 4_000_000) }
    }

    mutating func adopt() {
        guard let lost = lostRecord else { return }
        guard store.voter != nil, store.record == nil else {
            if store.record == nil { schedule(.operatorAdopts, after: 1_000_000) }
            return
        }
        // The operator's command takes the notes away that say that the data is new.
        servers[Int(lost.primary.index)].isFresh = false
        let remembered = hosts.indices.compactMap { hosts[$0].hasAgent ? agents[$0].knownCluster : hosts[$0].cluster }
        let transaction = StateTransaction.adopting(
            dataOf: lost.primary, highestEpoch: lost.epoch, cluster: remembered.first ?? 1)
        _ = store.write(transaction, host: -1, incarnation: 0, at: time)
        lostRecord = nil
        if isTracing { note(nil, "an operator has the stack go on: \(describe(transaction.record))") }
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
        guard serverAnswers(primary), servers[primary].access == .writing else { return }
        let slowest = record.partner.map { servers[Int($0.index)].held } ?? .max
        let count = min(servers[primary].committed, slowest) - 3
        servers[primary].purged = max(servers[primary].purged, count)
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
            if hosts[host].heldUntil > time {
                hosts[host].heldUntil = time
                endHold(host)
            }
            // Thawed before its time: the clock runs again from here, and did not go back.
            if isFrozen(host), hosts[host].clockStands { hosts[host].clockOffset += hosts[host].frozenUntil - time }
            hosts[host].frozenUntil = 0
            hosts[host].agentFrozenUntil = 0
            servers[host].frozenUntil = 0
            servers[host].diskSlowUntil = 0
            servers[host].crowdedUntil = 0
            servers[host].applierSlowUntil = 0
            if !hosts[host].isPowered {
                startHost(host, hosts[host].powerCount)
            } else if !hosts[host].hasAgent {
                schedule(.agentStarts(host: host, incarnation: hosts[host].incarnation), after: 100_000)
            }
        }
        if lostRecord != nil { schedule(.operatorAdopts, after: 3_000_000) }
        networkChanged()
    }
}

import TandemFailover

extension World {
    /// Everything back to the beginning, memory kept.
    mutating func reset(seed: UInt64, faults list: [Fault], endingAt end: Int64) {
        endOfFaults = end
        random = SeededRandom(seed: seed)
        time = 0
        queue.removeAll()
        store = SimulatedStore()
        ledger.removeAll()
        faults = list
        faultsAreOver = false
        flakyUntil = 0
        storeOutageUntil = 0
        lostRecord = nil
        confirmation = ForceConfirmation(stateRevision: 0)
        writeInterval = Int64(60_000 + random.below(400_000))
        lateOnceIn = [3, 20, 100, 500][random.below(4)]
        violation = nil
        measures = RunMeasures()
        needsAbilityCheck = true
        isConverged = false
        lastAcknowledgedAt = 0
        lastAcknowledgedEpoch = 0
        healedAt = 0
        story = []
        nextOrigin = 0
        for host in hosts.indices {
            blocked[host] = 0
            nextOrigin += 1
            servers[host] = SimulatedServer(origin: nextOrigin)
            histories[host].removeAll(keepingCapacity: true)
            heartbeats[host].removeAll(keepingCapacity: true)
            hosts[host] = SimulatedHost(holdsData: topology.dataNodes > host, votes: topology.isVoter(host))
            hosts[host].clockOffset = Int64(random.below(100_000_000))
            schedule(.agentStarts(host: host, incarnation: 0), after: random.below(300_000))
        }
        store.voter = 0
        networkChanged()
        schedule(.clientWrites, after: 100_000)
        schedule(.audit, after: 500_000)
        for index in faults.indices { queue.push(.fault(index), at: faults[index].atMicroseconds) }
    }

    /// Runs to the end of the faults, then until all is well again, for at most this long.
    static let recoveryBound: Int64 = 90_000_000

    mutating func run() {
        while let next = queue.nextTime, next <= endOfFaults {
            if !step() { return }
        }
        heal()
        let bound = time + Self.recoveryBound
        while let next = queue.nextTime, next <= bound, !isConverged {
            if !step() { return }
        }
        measures.recovery = time - healedAt
        if !isConverged { violate(.didNotRecover, 0, "and the others found no primary with a full pair: \(situation)") }
    }

    private var situation: String {
        let record = store.record.map { describe($0) } ?? "no state"
        let states = hosts.indices.filter { hosts[$0].holdsData }.map { host in
            let server = servers[host]
            return "\(topology.name(host)) \(server.process) \(server.access), source side \(server.isSourceSideOn), "
                + "receiver \(server.isReceiverOn) \(server.connection.map { topology.name($0.source) } ?? "-"), "
                + "\(server.logged) of \(server.held)"
        }
        return ([record] + states).joined(separator: "; ")
    }
}

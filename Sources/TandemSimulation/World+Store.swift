import TandemFailover

extension World {
    func isVoterAlive(_ host: Int) -> Bool {
        hosts[host].votes && hosts[host].isPowered && hosts[host].frozenUntil <= time && storeOutageUntil <= time
    }

    private func hasMajority(_ voter: Int) -> Bool {
        guard isVoterAlive(voter) else { return false }
        var votes = 0
        for other in hosts.indices where isVoterAlive(other) && isConnected(voter, other) { votes += 1 }
        return votes > topology.voters / 2
    }

    /// After every change of power, frost or network.
    mutating func networkChanged() {
        needsAbilityCheck = true
        if let voter = store.voter, !hasMajority(voter) {
            store.voter = nil
            if isTracing { note(nil, "etcd has no leader") }
        }
        if store.voter == nil {
            store.electionRound &+= 1
            schedule(.election(store.electionRound), after: 1_000_000 + random.below(500_000))
        }
        findReach()
    }

    private mutating func findReach() {
        store.reachableFrom = HostSet()
        guard let voter = store.voter else { return }
        for host in hosts.indices where hosts[host].isPowered {
            let isServed = hosts.indices.contains {
                isVoterAlive($0) && isConnected(host, $0) && isConnected($0, voter)
            }
            if isServed { store.reachableFrom.insert(HostID(host)) }
        }
    }

    /// A new leader gives every lease its whole time again.
    mutating func elect(_ round: UInt32) {
        guard round == store.electionRound, store.voter == nil else { return }
        let first = random.below(hosts.count)
        for offset in hosts.indices {
            let voter = (first + offset) % hosts.count
            guard hasMajority(voter) else { continue }
            store.voter = voter
            store.renewLeases(at: time)
            if isTracing { note(nil, "etcd elects \(topology.name(voter))") }
            break
        }
        findReach()
    }

    mutating func loseStoreLeader() {
        guard store.voter != nil else { return }
        store.voter = nil
        store.electionRound &+= 1
        schedule(.election(store.electionRound), after: 1_000_000 + random.below(500_000))
        findReach()
    }

    mutating func sendToStore(_ request: StoreRequest, _ host: Int, _ id: UInt64) {
        let incarnation = hosts[host].incarnation
        guard store.reachableFrom.contains(HostID(host)) else { return }
        let delay = 1_000 + random.below(2_000)
        let isFlaky = flakyUntil > time
        if isExploring {
            schedule(.storeRequest(from: host, incarnation: incarnation, id: id, request, isLate: true), after: 0)
            return
        }
        if case .write(let transaction) = request {
            if isTracing { note(host, "sends transaction \(describe(transaction))") }
            // Sent, and not yet proposed, when everything else goes on: the reason why "unknown" has to be settled.
            if random.onceIn(isFlaky ? 4 : lateOnceIn) {
                let later = 200_000 + random.below(5_000_000)
                schedule(
                    .storeRequest(from: host, incarnation: incarnation, id: id, request, isLate: true), after: later)
                if !isFlaky || random.onceIn(2) { return }
            }
        }
        if isFlaky, random.onceIn(5) { return }
        schedule(.storeRequest(from: host, incarnation: incarnation, id: id, request, isLate: false), after: delay)
    }

    mutating func serveStore(_ host: Int, _ incarnation: UInt32, _ id: UInt64, _ request: StoreRequest, isLate: Bool) {
        guard store.voter != nil, isLate || store.reachableFrom.contains(HostID(host)) else { return }
        let answer: StoreAnswer
        switch request {
        case .refresh:
            answer = .read(store.refresh(host: host, incarnation: incarnation, at: time))
            if isExploring {
                // A read that is answered late is not told from one that is made late.
                tell(host, incarnation, .storeAnswered(id: id, answer))
                return
            }
        case .write(let transaction):
            let before = store.record
            let intent = store.intent
            switch store.write(
                transaction, host: host, incarnation: incarnation,
                endsAnyIntent: serverDefects.contains(.endsAnyIntent), at: time)
            {
            case .written(let revision):
                if isTracing {
                    note(
                        nil, "etcd: \(describe(transaction.record)) at revision \(revision), by \(topology.name(host))")
                }
                stateChanged(from: before, by: transaction)
                if let intent, store.intent == nil, intent.id != transaction.endsIntent {
                    violate(.orderLost, host, "deletes an operator's intent that it has not seen")
                }
                answer = .written(revision: revision)
            case .leaseLost:
                if isTracing { note(nil, "etcd: \(topology.name(host))'s lease is lost") }
                answer = serverDefects.contains(.takesLostLeaseForRefusal) ? .refused : .unknown
            case .refused:
                if isTracing { note(nil, "etcd refuses \(topology.name(host))'s \(transaction.purpose)") }
                answer = .refused
            }
        }
        if !isExploring, random.onceIn(flakyUntil > time ? 4 : 200) { return }
        schedule(
            .storeAnswer(host: host, incarnation: incarnation, id: id, answer), after: 500 + random.below(1_500))
    }
}

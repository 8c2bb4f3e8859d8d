import TandemFailover

extension World {
    private static let tickInterval = 200_000
    /// `innodb_lock_wait_timeout` of the heartbeat's session.
    private static let lockPatience = 2_000_000

    func clock(_ host: Int) -> Milliseconds { (time + hosts[host].clockOffset) / 1_000 }

    mutating func startAgent(_ host: Int, _ incarnation: UInt32) {
        guard hosts[host].isPowered, hosts[host].incarnation == incarnation, !hosts[host].hasAgent else { return }
        guard !isFrozen(host) else {
            queue.push(.agentStarts(host: host, incarnation: incarnation), at: hosts[host].frozenUntil)
            return
        }
        var configuration = topology.configuration(of: host)
        configuration.rules = rules
        configuration.cluster = hosts[host].cluster
        configuration.newCluster = ClusterID(host + 1)
        configuration.hold = HoldOrder(isHeld: hosts[host].heldUntil > time, number: hosts[host].holdCount)
        let now = clock(host)
        hosts[host].hasAgent = true
        agents[host] = FailoverMachine(configuration: configuration, startedAt: now)
        if isTracing { note(host, "agent starts") }
        tick(host, incarnation)
    }

    mutating func tick(_ host: Int, _ incarnation: UInt32) {
        guard hosts[host].incarnation == incarnation, hosts[host].hasAgent else { return }
        let thaw = max(hosts[host].frozenUntil, hosts[host].agentFrozenUntil)
        guard thaw <= time else {
            queue.push(.tick(host: host, incarnation: incarnation), at: thaw)
            return
        }
        look(host, incarnation)
        let interval = hosts[host].holdsData ? Self.tickInterval : 2 * Self.tickInterval
        schedule(.tick(host: host, incarnation: incarnation), after: interval + random.below(20_000))
    }

    /// Something reaches an agent's process: later if it is frozen, never if it has ended.
    mutating func tell(_ host: Int, _ incarnation: UInt32, _ event: Event) {
        guard hosts[host].incarnation == incarnation, hosts[host].hasAgent else { return }
        let thaw = max(hosts[host].frozenUntil, hosts[host].agentFrozenUntil)
        guard thaw <= time else {
            queue.push(.toAgent(host: host, incarnation: incarnation, event), at: thaw)
            return
        }
        think(host, event)
    }

    mutating func deliverMessage(_ from: Int, _ to: Int, _ event: Event) {
        guard reaches(from, to), hosts[to].isPowered else { return }
        tell(to, hosts[to].incarnation, event)
    }

    mutating func think(_ host: Int, _ event: Event) {
        actions.removeAll(keepingCapacity: true)
        let now = clock(host)
        agents[host].handle(event, at: now, into: &actions)
        for index in actions.indices { perform(actions[index], by: host) }
    }

    private mutating func perform(_ action: Action, by host: Int) {
        let incarnation = hosts[host].incarnation
        switch action {
        case .server(let id, let command): send(command, host, id)
        case .store(let id, let request): sendToStore(request, host, id)
        case .heartbeat(let id):
            let boot = servers[host].boot
            schedule(
                .heartbeat(host: host, incarnation: incarnation, boot: boot, id: id, patience: Self.lockPatience),
                after: 500 + random.below(1_000))
        case .broadcast(let status):
            for other in hosts.indices where other != host { sendMessage(host, other, .heard(HostID(host), status)) }
        case .ask(let other, let question):
            sendMessage(host, Int(other.index), .asked(HostID(host), question: question))
        case .answer(let other, let question, let epoch): answer(host, Int(other.index), question, epoch)
        }
    }

    mutating func sendMessage(_ from: Int, _ to: Int, _ event: Event) {
        guard reaches(from, to) else { return }
        guard flakyUntil > time else {
            schedule(.message(from: from, to: to, event), after: 300 + random.below(1_500))
            return
        }
        switch random.below(8) {
        case 0, 1: return
        case 2: schedule(.message(from: from, to: to, event), after: random.below(4_000_000))
        case 3:
            schedule(.message(from: from, to: to, event), after: 300 + random.below(1_500))
            schedule(.message(from: from, to: to, event), after: random.below(3_000_000))
        default: schedule(.message(from: from, to: to, event), after: 300 + random.below(30_000))
        }
    }

    private mutating func answer(_ host: Int, _ other: Int, _ question: UInt64, _ epoch: UInt64) {
        guard serverAnswers(host) else { return }
        let server = servers[host]
        let inventory = PrimaryInventory(
            epoch: epoch, executed: ledger.gtids(of: histories[host][..<server.committed]),
            purged: ledger.gtids(of: histories[host][..<server.purged]))
        sendMessage(host, other, .answered(HostID(host), question: question, inventory))
    }
}

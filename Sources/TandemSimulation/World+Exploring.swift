import TandemFailover

/// What may happen next in a state that is explored.
enum Choice: Sendable, CustomStringConvertible {
    case happens(Int)
    /// The agent looks at its server; with `isLate`, after all its patience has run out.
    case tick(Int, isLate: Bool)
    case clientWrites(Int)
    case applierCatchesUp(Int)
    case leaseExpires
    case agentStarts(Int)
    case connectionDrops(Int)
    case heals
    case serverDies(Int)
    case agentDies(Int)
    case powerFails(Int)
    case linkBreaks(from: Int, to: Int)
    case storeUnreachable(Int)

    var isFault: Bool {
        switch self {
        case .serverDies, .agentDies, .powerFails, .linkBreaks, .storeUnreachable: true
        default: false
        }
    }

    var description: String {
        switch self {
        case .happens: "what is under way"
        case .tick(let host, let isLate): "agent \(host + 1) looks\(isLate ? ", late" : "")"
        case .clientWrites(let host): "a client writes at server \(host + 1)"
        case .applierCatchesUp(let host): "server \(host + 1) applies what it received"
        case .leaseExpires: "the lease runs out"
        case .agentStarts(let host): "agent \(host + 1) starts"
        case .connectionDrops(let host): "server \(host + 1) loses its connection"
        case .heals: "all links work again"
        case .serverDies(let host): "FAULT: server \(host + 1) is killed"
        case .agentDies(let host): "FAULT: agent \(host + 1) is killed"
        case .powerFails(let host): "FAULT: host \(host + 1) loses power"
        case .linkBreaks(let from, let to): "FAULT: nothing passes from host \(from + 1) to \(to + 1)"
        case .storeUnreachable(let host): "FAULT: host \(host + 1) cannot reach etcd"
        }
    }
}

extension World {
    func describe(_ choice: Choice) -> String {
        guard case .happens(let index) = choice else { return choice.description }
        return "\(queue.collected[index])"
    }

    /// Longer than any patience but a clone's, in microseconds.
    private static let late: Int64 = 100_000_000

    /// Moments of a timed run through the paths that matter, each ready to be explored.
    mutating func moments(_ count: Int) -> [World] {
        let faults = [
            Fault(.serverKilled, atSecond: 5, host: 0),
            Fault(.switchoverAsked, atSecond: 10, lastsSeconds: 3, other: 0),
            Fault(.agentKilled, atSecond: 14, lastsSeconds: 0.5, host: 0),
            Fault(.powerLost, atSecond: 17, lastsSeconds: 1, host: 0),
        ]
        let end: Int64 = 24_000_000
        reset(seed: 1, faults: faults, endingAt: end)
        var total = 0
        while let next = queue.nextTime, next <= end, step() { total += 1 }
        reset(seed: 1, faults: faults, endingAt: end)
        var moments: [World] = []
        for taken in 0..<total where step() && moments.count < count {
            guard taken >= (moments.count + 1) * total / (count + 1) else { continue }
            var moment = self
            moment.startExploring()
            moments.append(moment)
        }
        return moments
    }

    mutating func startExploring() {
        isExploring = true
        let underWay = queue.drain()
        queue.collects = true
        for happening in underWay where isWorthExploring(happening) { queue.push(happening, at: time) }
        exploredFrom = ledger.count
        exploredFromEpoch = store.record?.epoch ?? 0
        tidy()
    }

    func exceeds(_ bounds: Exploration.Bounds) -> Bool {
        (store.record?.epoch ?? 0) > exploredFromEpoch + bounds.epochs
            || ledger.count > exploredFrom + bounds.transactions
    }

    func choices(faults: Int) -> [Choice] {
        var choices: [Choice] = queue.collected.indices.map { .happens($0) }
        for host in 0..<topology.dataNodes {
            if !hosts[host].hasAgent {
                choices.append(.agentStarts(host))
            } else {
                choices.append(.tick(host, isLate: false))
                choices.append(.tick(host, isLate: true))
            }
            let server = servers[host]
            if server.isUp, server.access == .writing { choices.append(.clientWrites(host)) }
            if server.isUp, server.isApplierOn, server.logged < server.held, server.applierReadyAt > time {
                choices.append(.applierCatchesUp(host))
            }
            if server.connection != nil, blocked.contains(where: { $0 != 0 }) { choices.append(.connectionDrops(host)) }
        }
        if store.leaderLease != nil { choices.append(.leaseExpires) }
        if blocked.contains(where: { $0 != 0 }) || store.reachableFrom.count < hosts.count { choices.append(.heals) }
        if faults > 0 { addFaults(to: &choices) }
        return choices
    }

    private func addFaults(to choices: inout [Choice]) {
        for host in 0..<topology.dataNodes {
            if servers[host].process != .down { choices.append(.serverDies(host)) }
            if hosts[host].hasAgent { choices.append(.agentDies(host)) }
            choices.append(.powerFails(host))
            if reaches(host, 1 - host) { choices.append(.linkBreaks(from: host, to: 1 - host)) }
            if store.reachableFrom.contains(HostID(host)) { choices.append(.storeUnreachable(host)) }
        }
    }

    mutating func take(_ choice: Choice) {
        switch choice {
        case .happens(let index): dispatch(queue.collected.remove(at: index))
        case .tick(let host, let isLate):
            if isLate { hosts[host].clockOffset += Self.late }
            tick(host, hosts[host].incarnation)
        case .clientWrites(let host): commit(host, isClient: true)
        case .applierCatchesUp(let host):
            servers[host].applierReadyAt = 0
            servers[host].settle(at: time)
        case .leaseExpires: store.expireAllLeases()
        case .agentStarts(let host): startAgent(host, hosts[host].incarnation)
        case .connectionDrops(let host): loseConnection(host)
        case .heals: healLinks()
        case .serverDies(let host): killServer(host, by: "a fault")
        case .agentDies(let host): killAgent(host, restartsAfter: 0)
        case .powerFails(let host):
            killAgent(host, restartsAfter: 0)
            losePower(host)
        case .linkBreaks(let from, let to): blocked[from] |= 1 << UInt64(to)
        case .storeUnreachable(let host): store.reachableFrom.remove(HostID(host))
        }
        needsAbilityCheck = true
        check()
        tidy()
    }

    private mutating func healLinks() {
        for host in hosts.indices {
            blocked[host] = 0
            store.reachableFrom.insert(HostID(host))
        }
    }
}

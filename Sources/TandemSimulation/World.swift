import TandemFailover

/// A host: its power, its agent's process, its clock. Agents and servers lie in arrays of their own, so that nothing
/// large is copied where a flag is looked at.
struct SimulatedHost: Sendable {
    var holdsData: Bool
    var votes: Bool
    var isPowered = true
    var powerCount: UInt32 = 0
    var frozenUntil: Int64 = 0
    /// Its agent runs: `World.agents` has it.
    var hasAgent = false
    var incarnation: UInt32 = 0
    var agentFrozenUntil: Int64 = 0
    /// What this host's clock lacks (it stood still) or is ahead, in microseconds.
    var clockOffset: Int64 = 0
    /// Its clock stands still until it thaws: `clockOffset` has all of that already.
    var clockStands = false
    /// For how many audits it stayed open after it was deposed, its agent able to close it.
    var staleAudits = 0
    /// `init` as its agents remember it.
    var cluster: ClusterID?
    /// An operator wants its server stopped until then.
    var heldUntil: Int64 = 0
    /// How many times operators have said that it is to be stopped, or no longer.
    var holdCount: UInt64 = 0
    /// The newest epoch that its agents have known.
    var knownEpoch: UInt64 = 0
}

/// An operator's word that, with `state` at this revision, the primary's server does not run: these may take its place.
struct ForceConfirmation: Sendable {
    var hosts = HostSet()
    var stateRevision: UInt64
}

/// Everything simulated, driven one happening after the other. Times are in microseconds of simulated time.
struct World: Sendable {
    let topology: SimulationTopology
    let rules: Rules
    let serverDefects: ServerDefects
    var random = SeededRandom(seed: 0)
    var time: Int64 = 0
    var queue = EventQueue()
    var hosts: [SimulatedHost]
    var servers: [SimulatedServer]
    /// All that each server holds, in order: what is logged (binary log), then what is received and not applied (relay
    /// log). The order is the same on every server (replica_preserve_commit_order), so a history is a path in a tree.
    var histories: [[UInt32]]
    /// The heartbeats that wait for an acknowledgement at each server.
    var heartbeats: [[SimulatedServer.WaitingHeartbeat]]
    /// Means nothing where the host's `hasAgent` is false.
    var agents: [FailoverMachine]
    var store = SimulatedStore()
    var ledger = Ledger()
    /// blocked[from] has the hosts that nothing sent by `from` reaches.
    var blocked: [UInt64]
    var actions: [Action] = []

    var faults: [Fault] = []
    var endOfFaults: Int64 = 0
    var faultsAreOver = false
    var flakyUntil: Int64 = 0
    var storeOutageUntil: Int64 = 0
    /// The record that etcd has lost with all its keys, until an operator has the stack go on from its primary's data.
    var lostRecord: StateRecord?
    /// The last one that an operator gave.
    var confirmation = ForceConfirmation(stateRevision: 0)
    var nextOrigin: UInt32 = 0
    var writeInterval: Int64 = 200_000
    /// One transaction in so many reaches etcd seconds late.
    var lateOnceIn = 60

    var violation: Violation?
    var measures = RunMeasures()
    var needsAbilityCheck = true
    var isConverged = false
    var lastAcknowledgedAt: Int64 = 0
    var lastAcknowledgedEpoch: UInt64 = 0
    var healedAt: Int64 = 0

    var isTracing = false
    /// Time stands still, and everything under way may happen next. See `Exploration`.
    var isExploring = false
    var exploredFrom = 0
    var exploredFromEpoch: UInt64 = 0
    var story: [StoryLine] = []

    /// By then an undisturbed stack is founded and a pair.
    static let firstFaultAt: Int64 = 5_000_000

    init(topology: SimulationTopology, rules: Rules = Rules(), serverDefects: ServerDefects = []) {
        self.topology = topology
        self.rules = rules
        self.serverDefects = serverDefects
        hosts = (0..<topology.hostCount).map { index in
            SimulatedHost(holdsData: index < topology.dataNodes, votes: topology.isVoter(index))
        }
        servers = Array(repeating: SimulatedServer(origin: 0), count: topology.hostCount)
        histories = Array(repeating: [], count: topology.hostCount)
        heartbeats = Array(repeating: [], count: topology.hostCount)
        agents = (0..<topology.hostCount).map {
            FailoverMachine(configuration: topology.configuration(of: $0), startedAt: 0)
        }
        blocked = Array(repeating: 0, count: topology.hostCount)
    }

    /// A host's agent, nil while none runs there.
    func agent(_ host: Int) -> FailoverMachine? { hosts[host].hasAgent ? agents[host] : nil }

    @inline(__always)
    mutating func schedule(_ happening: Happening, after delay: Int) {
        queue.push(happening, at: time + Int64(delay))
    }

    @inline(__always)
    func reaches(_ from: Int, _ to: Int) -> Bool { from == to || blocked[from] & (1 << UInt64(to)) == 0 }

    @inline(__always)
    func isConnected(_ one: Int, _ other: Int) -> Bool { reaches(one, other) && reaches(other, one) }

    @inline(__always)
    func isFrozen(_ host: Int) -> Bool { hosts[host].frozenUntil > time }

    func serverThaws(_ host: Int) -> Int64 { max(hosts[host].frozenUntil, servers[host].frozenUntil) }

    @inline(__always)
    func serverAnswers(_ host: Int) -> Bool {
        hosts[host].isPowered && servers[host].isUp && serverThaws(host) <= time
    }

    mutating func step() -> Bool {
        guard violation == nil, let (time, slot) = queue.pop() else { return false }
        self.time = time
        measures.steps += 1
        dispatch(queue.take(slot))
        check()
        return violation == nil
    }

    mutating func dispatch(_ happening: Happening) {
        switch happening {
        case .tick(let host, let incarnation): tick(host, incarnation)
        case .agentStarts(let host, let incarnation): startAgent(host, incarnation)
        case .toAgent(let host, let incarnation, let event): tell(host, incarnation, event)
        case .message(let from, let to, let event): deliverMessage(from, to, event)
        case .storeRequest(let from, let incarnation, let id, let request, let isLate):
            serveStore(from, incarnation, id, request, isLate: isLate)
        case .storeAnswer(let host, let incarnation, let id, let answer):
            guard store.reachableFrom.contains(HostID(host)) else { return }
            tell(host, incarnation, .storeAnswered(id: id, answer))
        case .election(let round): elect(round)
        case .command(let host, let incarnation, let boot, let id, let command):
            carryOut(command, host, incarnation, boot, id)
        case .commandEnds(let host, let boot, let incarnation, let id): commandEnds(host, boot, incarnation, id)
        case .closingEnds(let host, let boot, let by, let incarnation, let id):
            closingEnds(host, boot, by, incarnation, id)
        case .booted(let host, let boot): finishBoot(host, boot)
        case .heartbeat(let host, let incarnation, let boot, let id, let patience):
            writeHeartbeat(host, incarnation, boot, id, patience)
        case .lookEnds(let host, let incarnation, let id, let outcome, let begun):
            endLook(host, incarnation, id, outcome, begun)
        case .holdEnds(let host): endHold(host)
        case .operatorAdopts: adopt()
        case .connect(let host, let boot): connect(host, boot)
        case .deliver(let host, let session, let attempts): deliver(host, session, attempts)
        case .acknowledge(let source, let boot, let from, let session, let count):
            acknowledge(source, boot, from, session, count)
        case .drop(let host, let session): drop(host, session)
        case .clientWrites: clientWrites()
        case .fault(let index): begin(faults[index])
        case .faultEnds(let index): end(faults[index])
        case .hostStarts(let host, let power): startHost(host, power)
        case .audit: audit()
        }
    }
}

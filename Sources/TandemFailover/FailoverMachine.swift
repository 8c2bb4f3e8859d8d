/// One agent's mind: all that it knows, and the one function that decides.
///
/// `handle` is a pure function of this value, the event and the time that came with it: no clock, no I/O, no randomness.
/// It is level-triggered: each event first adds to what is known, then `decide` compares what is with what should be, and
/// asks for the next step. Losing an answer or hearing it twice therefore costs time, not correctness.
///
/// An agent that starts anew starts with a new value: nothing here has to survive.
public struct FailoverMachine: Hashable, Sendable {
    public let configuration: FailoverConfiguration
    public internal(set) var now: Milliseconds
    let startedAt: Milliseconds
    /// Numbers requests, commands and heartbeats; also the order in which things happened.
    var lastID: UInt64 = 0

    var store = StoreKnowledge()
    var server = ServerKnowledge()
    var peers: [PeerKnowledge]
    var heartbeats = Heartbeats()
    var pairing = Pairing()
    var rejoin = Rejoin()
    var seal: Seal?
    var switchover: Switchover?
    var remoteClosing = RemoteClosing()

    public init(configuration: FailoverConfiguration, startedAt now: Milliseconds) {
        self.configuration = configuration
        self.now = now
        startedAt = now
        let last = UInt64.bitWidth - configuration.members.bits.leadingZeroBitCount
        peers = Array(repeating: PeerKnowledge(), count: max(last, Int(configuration.host.index) + 1))
        server.answeredAt = now
        server.arrivedAt = now
        heartbeats.provenAt = now
        store.sureAt = now
    }

    public mutating func handle(_ event: Event, at time: Milliseconds, into actions: inout [Action]) {
        now = max(now, time)
        var broadcasts = false
        switch event {
        case .tick(let observation):
            observe(observation)
            broadcasts = now - heartbeats.broadcastAt >= timing.broadcastInterval
        case .commandFinished(let id, let outcome, let observation):
            observe(observation)
            finishCommand(id, outcome)
        case .storeAnswered(let id, let answer): absorb(answer, to: id)
        case .heartbeatCommitted(let id): absorbHeartbeat(id, &actions)
        case .heard(let host, let status): absorb(status, from: host)
        case .asked(let host, let question): absorbQuestion(question, from: host)
        case .answered(let host, let question, let inventory): absorb(inventory, to: question, from: host)
        }
        decide(&actions)
        if broadcasts || heartbeats.hasNews { broadcast(&actions) }
    }

    /// The same as a function from state and event to state and actions.
    public static func reduce(
        _ machine: FailoverMachine, _ event: Event, at time: Milliseconds
    ) -> (FailoverMachine, [Action]) {
        var next = machine
        var actions: [Action] = []
        next.handle(event, at: time, into: &actions)
        return (next, actions)
    }

    mutating func decide(_ out: inout [Action]) {
        talkToStore(&out)
        guard holdsData else { return }
        if let record = store.record, record.primary == me { leadInStore(record, &out) }
        expireCommand(&out)
        guard mayCommand else { return }
        if endOldSessions(&out) { return }
        guard store.hasRead else {
            fenceUnread(&out)
            return
        }
        guard let record = store.record else {
            foundStack(&out)
            return
        }
        if record.primary == me {
            leadServer(record, &out)
        } else {
            follow(record, &out)
        }
    }
}

extension FailoverMachine {
    var me: HostID { configuration.host }
    var timing: Timing { configuration.timing }
    var holdsData: Bool { configuration.dataHosts.contains(me) }

    var rules: Rules { configuration.rules }

    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }
}

/// What peers said, and when.
struct PeerKnowledge: Hashable, Sendable {
    var status = PeerStatus()
    /// nil until first heard.
    var heardAt: Milliseconds?
}

extension FailoverMachine {
    mutating func absorb(_ status: PeerStatus, from host: HostID) {
        guard host != me, Int(host.index) < peers.count else { return }
        // A late message must not undo a newer one: what a host has read of the store never goes back.
        guard status.stateRevision >= peers[Int(host.index)].status.stateRevision else { return }
        peers[Int(host.index)] = PeerKnowledge(status: status, heardAt: now)
        if status.willNotAcknowledge, status.stateRevision >= pairing.namedRevision {
            pairing.willNotAcknowledge.insert(host)
        }
    }

    func hears(_ host: HostID) -> Bool { freshStatus(of: host) != nil }

    /// What the host said, if it did so lately.
    func freshStatus(of host: HostID) -> PeerStatus? {
        guard Int(host.index) < peers.count, let heardAt = peers[Int(host.index)].heardAt,
            now - heardAt < timing.hearingPatience
        else { return nil }
        return peers[Int(host.index)].status
    }

    /// Whether any host but these two is heard, and whether one such hears `host`.
    func thirdParties(on host: HostID, except other: HostID) -> (areHeard: Bool, hearIt: Bool) {
        var areHeard = false
        var hearIt = false
        for index in peers.indices where index != Int(host.index) && index != Int(other.index) {
            guard let heardAt = peers[index].heardAt, now - heardAt < timing.hearingPatience else { continue }
            areHeard = true
            if peers[index].status.hears.contains(host) { hearIt = true }
        }
        return (areHeard, hearIt)
    }

    var heardHosts: HostSet {
        var hosts = HostSet(me)
        for index in peers.indices {
            guard let heardAt = peers[index].heardAt, now - heardAt < timing.hearingPatience else { continue }
            hosts.insert(HostID(index))
        }
        return hosts
    }
}

extension FailoverMachine {
    /// `init`: the agent keeps it beside the data before it starts a receiver or opens the server.
    public var knownCluster: ClusterID? { store.cluster ?? configuration.cluster }

    /// The newest `state` that this agent has read or written.
    public var knownRecord: StateRecord? { store.record }

    /// The record names a partner, or a transaction that names one may yet take place, or may have.
    public var mayBePaired: Bool {
        store.record?.partner != nil || store.write?.transaction.record.partner != nil || store.mayHavePaired
    }
}

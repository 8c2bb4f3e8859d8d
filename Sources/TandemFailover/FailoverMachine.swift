/// The failover state machine of one agent: its knowledge, and `handle`, which decides.
///
/// `handle` is a pure function of this value, the event and the time that came with it: no clock, no I/O, no
/// randomness. It is level-triggered: each event first adds to what is known, then `decide` compares what is with what
/// should be, and asks for the next step. Losing an answer or hearing it twice therefore costs time, not correctness.
/// An agent that starts anew starts with a new value: nothing here has to survive.
///
/// Who leads, in etcd (`StateRecord`):
///
///                       propose B                    heartbeat acknowledged: pair
///         ┌─────────┐ ───────────► ┌──────────────┐ ────────────────────────► ┌────────────────┐
///      ┌─►│ A alone │              │ B joining A  │                           │ A paired with B│
///      │  └─────────┘ ◄─────────── └──────────────┘                           └────────────────┘
///      │       ▲        B is gone, or too slow                                   │          │
///      │       └──────────── shrink: B does not acknowledge ─────────────────────┘          │
///      │                                                                                    │
///      └── the same with B in A's place, epoch + 1: B sealed, then promoted ◄───────────────┘
///
/// One server, as its own agent drives it (`PrimaryStep` for the primary, `follow` for every other host):
///
///     booted closed ──► place known? ──► primary, alone ──► source side off ──► applied all ──► prepared ──► writing ──► admit ──► detach
///        ▲                  │
///        │                  ├──────────► primary, paired ─► heartbeat only ─► admit ─► acknowledged ─► writing ─► note
///        │                  │
///        │                  ├──────────► anyone else ──► compare ──► follow ──► reading
///        │                  │                              │
///        │                  │                              └─ tail: export, then cut │ discard │ clone; compare again
///        │                  │
///        │                  └──────────► held ──► hand over, or leave the pair ──► closed ──► stopped
///        │
///        └── SIGKILL ◄── a commit waits and it must close; a statement hangs; the server does not answer
///
///     partner: following ──► suspects ──► receiver off, seen ──► promote ──┬─ yes: apply all, open alone
///                  ▲                                                       ├─ refused: read, follow again
///                  └───────────────────────────────────────────────────────┴─ unknown: stay sealed, ask the same again
public struct FailoverMachine: Hashable, Sendable {
    public private(set) var configuration: FailoverConfiguration
    public internal(set) var now: Milliseconds
    let startedAt: Milliseconds
    /// Numbers requests, commands and heartbeats; also the order in which things happened.
    var lastID: UInt64 = 0

    var store = StoreKnowledge()
    var server = ServerKnowledge()
    var peers: [PeerKnowledge]
    var broadcasts = Broadcasts()
    var heartbeats = Heartbeats()
    var questions: [InventoryQuestion] = []
    var pairing = Pairing()
    var rejoin = Rejoin()
    var seal: Seal?
    var switchover: Switchover?
    var remoteClosing = RemoteClosing()
    /// Since when an operator has wanted this host's server stopped.
    var heldSince: Milliseconds?
    /// The number of the operator's newest word on that.
    var holdNumber: UInt64 = 0

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
        holdNumber = configuration.hold.number
        heldSince = configuration.hold.isHeld ? now : nil
    }

    /// Takes over the timing of settings as which this agent can continue.
    public mutating func adopt(_ new: FailoverConfiguration) {
        guard configuration.canContinue(as: new) else { return }
        configuration.timing = new.timing
    }

    public mutating func handle(_ event: Event, at time: Milliseconds, into actions: inout [Action]) {
        now = max(now, time)
        var isDue = false
        switch event {
        case .tick(let observation):
            observe(observation)
            isDue = now - broadcasts.sentAt >= timing.broadcastInterval
        case .commandFinished(let id, let outcome, let observation):
            observe(observation)
            finishCommand(id, outcome)
        case .storeAnswered(let id, let answer): absorb(answer, to: id)
        case .heartbeatCommitted(let id): absorbHeartbeat(id, &actions)
        case .heartbeatFailed(let id): absorbFailedHeartbeat(id, &actions)
        case .heard(let host, let status): absorb(status, from: host)
        case .asked(let host, let question): absorbQuestion(question, from: host)
        case .answered(let host, let question, let inventory): absorb(inventory, to: question, from: host)
        case .held(let order): hold(order)
        case .storeHinted: store.refreshedAt = nil
        }
        decide(&actions)
        if isDue || broadcasts.hasNews { broadcast(&actions) }
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

    /// `init`: the agent keeps it beside the data before it starts a receiver or opens the server.
    public var knownCluster: ClusterID? { store.cluster ?? configuration.cluster }

    /// The newest `state` that this agent has read or written.
    public var knownRecord: StateRecord? { store.record }

    /// The record names a partner, or a transaction that names one may yet take place, or may have.
    public var mayBePaired: Bool {
        store.record?.partner != nil || store.write?.transaction.record.partner != nil || store.mayHavePaired
    }
}

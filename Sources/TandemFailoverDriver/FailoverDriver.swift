import Foundation
public import Logging
import TandemCoordination
public import TandemFailover

/// Runs the failover's reducer on one host: feeds it events, one at a time with the time of a clock that never goes
/// back, and carries out what it asks for. It decides nothing.
///
/// It outlives changes of settings that do not concern it (`adopt`). Where it ends, the server goes on as it is, and
/// the next driver takes it over.
public actor FailoverDriver {
    /// Work that goes on beside the events. The reducer bounds it: it asks anew only after its patience.
    enum Job: Sendable {
        case store(id: UInt64, StoreRequest)
        case heartbeat(id: UInt64, epoch: UInt64)
        case answer(HostID, question: UInt64, epoch: UInt64)
        case history(HistoryDetails, epoch: UInt64)
    }

    var machine: FailoverMachine
    let hands: (any ServerHands)?
    let store: any FailoverStore
    let outbox: PeerOutbox
    let watchdog: FenceWatchdog
    let logger: Logger
    let settings: DriverSettings
    let jobs = AsyncStream<Job>.makeStream()
    /// Asks for a look now.
    let pokes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    /// Says that something is under way.
    let lively = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    private let clockStart = ContinuousClock.now
    private var timer = ChangeTimer()
    var lastOrder: UInt64 = 0
    var command: RunningCommand?
    var lastCommand: ServerCommand?
    var noted: ClusterID?
    /// Looks are made more often until then: something has just changed, so more is about to.
    var livelyUntil: Milliseconds = 0
    /// What the last look showed; see `ServerHands`.
    var isInUse = true
    private var lastSeen: ServerObservation?
    private(set) var settling = Settling()
    private(set) public var report: FailoverReport
    private var readers: [UInt64: AsyncStream<FailoverReport>.Continuation] = [:]
    private var lastReader: UInt64 = 0
    private var isOver = false

    /// - Parameters:
    ///   - hands: of this host's server; nil for a host that holds no data.
    ///   - endServer: SIGKILL to this host's server, at once and from any thread.
    public init(
        configuration: FailoverConfiguration, hands: (any ServerHands)?, store: any FailoverStore,
        peers: any PeerChannel, endServer: @escaping @Sendable () -> Void = {}, settings: DriverSettings = .init(),
        logger: Logger
    ) {
        machine = FailoverMachine(configuration: configuration, startedAt: 0)
        report = FailoverReport(machine, change: nil)
        noted = configuration.cluster
        self.hands = hands
        self.store = store
        self.settings = settings
        self.logger = logger
        let others = (0..<HostID.bound).map { HostID($0) }.filter {
            $0 != configuration.host && configuration.members.contains($0)
        }
        outbox = PeerOutbox(channel: peers, own: configuration.host, hosts: others)
        watchdog = FenceWatchdog { [logger] in
            logger.critical("the agent got no time to close its server, which may be deposed: ending it")
            endServer()
        }
    }

    /// Runs until its task is cancelled. Once only.
    public func run() async {
        watchdog.start()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.outbox.run { await self.hear($0, from: $1, ifHeard: $2) } }
            group.addTask { await self.lookAgainAndAgain() }
            group.addTask { await self.keepTime() }
            group.addTask { await self.keepLively() }
            group.addTask { [store] in for await _ in store.hints() { await self.deliver(.storeHinted) } }
            if let hands {
                group.addTask { [pokes] in for await _ in hands.processEnds { pokes.continuation.yield() } }
            }
            // Jobs end by themselves, each within its bound.
            for await job in jobs.stream { group.addTask { await self.carryOut(job) } }
            group.cancelAll()
        }
        await end()
    }

    private func end() async {
        isOver = true
        watchdog.stop()
        await endCommand()
        for reader in readers.values { reader.finish() }
        readers = [:]
    }

    var now: Milliseconds { Self.milliseconds(clockStart.duration(to: .now)) }

    static func milliseconds(_ duration: Duration) -> Milliseconds {
        let (seconds, rest) = duration.components
        return seconds * 1_000 + rest / 1_000_000_000_000_000
    }

    /// One event, and all that follows from it.
    func deliver(_ event: Event) {
        guard !isOver else { return }
        let now = now
        var actions: [Action] = []
        machine.handle(event, at: now, into: &actions)
        watchdog.set(machine.fenceDue.map { clockStart + .milliseconds($0) + settings.watchdogGrace })
        for action in actions { perform(action) }
        noteChanges(now)
        if isLively { lively.continuation.yield() }
        if case .storeAnswered = event, isUrgent { pokes.continuation.yield() }
    }

    private func noteChanges(_ now: Milliseconds) {
        if let ended = timer.note(machine, at: now, date: Date()) {
            jobs.continuation.yield(.history(HistoryDetails(ended), epoch: ended.epoch))
        }
        let seen = machine.seenServer?.withoutWorkload
        if seen != lastSeen {
            lastSeen = seen
            livelyUntil = now + DriverSettings.liveliness
        }
        let next = FailoverReport(machine, change: timer.last)
        guard next != report else { return }
        if next.record != report.record || next.role != report.role || next.access != report.access {
            logger.info("failover: \(next.summary)")
        }
        settling.note(from: report, to: next, at: now)
        report = next
        for reader in readers.values { reader.yield(next) }
    }
}

extension FailoverDriver {
    /// The present report, and each new one; of several that come before the reader asks, the newest.
    public func reports() -> AsyncStream<FailoverReport> {
        let (stream, continuation) = AsyncStream<FailoverReport>.makeStream(bufferingPolicy: .bufferingNewest(1))
        continuation.yield(report)
        guard !isOver else {
            continuation.finish()
            return stream
        }
        lastReader += 1
        let reader = lastReader
        readers[reader] = continuation
        continuation.onTermination = { _ in Task { await self.forget(reader) } }
        return stream
    }

    private func forget(_ reader: UInt64) { readers[reader] = nil }

    /// A message of another agent, which was told from others by its certificate.
    public func receive(_ message: PeerMessage, from host: HostID) {
        switch message {
        case .status(let status): hear(status, from: host)
        case .question(let question): deliver(.asked(host, question: question))
        case .answer(let question, let epoch, let transactions):
            guard let executed = try? hands?.gtidSet(transactions.executed),
                let purged = try? hands?.gtidSet(transactions.purged)
            else {
                logger.warning("an agent's answer has no sets of transactions; it is ignored")
                return
            }
            let inventory = PrimaryInventory(epoch: epoch, executed: executed, purged: purged)
            deliver(.answered(host, question: question, inventory))
        }
    }

    /// This host's own status, for the reply to another agent's; nil where it is told by itself.
    public func reply(to host: HostID) -> PeerStatus? { isOver ? nil : outbox.reply(to: host) }

    private func hear(_ status: PeerStatus, from host: HostID, ifHeard hearings: Int) {
        if outbox.hearings(of: host) == hearings { hear(status, from: host) }
    }

    private func hear(_ status: PeerStatus, from host: HostID) {
        outbox.noteHearing(of: host)
        let isPrimary = machine.knownRecord?.primary == host
        deliver(.heard(host, status))
        // Whether its server answers us, too, decides: it is looked at now.
        if isPrimary, !status.serverAnswers || status.handsOver { pokes.continuation.yield() }
    }

    /// An operator wants this host's server stopped, or no longer. The caller has noted it beside the data.
    public func hold(_ order: HoldOrder) { deliver(.held(order)) }

    /// Goes on with new settings.
    /// - Returns: false where they name other hosts: then this driver has to end, and another one to begin.
    public func adopt(_ configuration: FailoverConfiguration) -> Bool {
        guard machine.configuration.canContinue(as: configuration) else { return false }
        machine.adopt(configuration)
        return true
    }
}

extension FailoverReport {
    var summary: String {
        var parts = ["\(role.rawValue) in epoch \(epoch)"]
        switch record?.standing {
        case .alone: parts.append("the primary is alone")
        case .joining: parts.append("a host joins the primary")
        case .paired: parts.append("the primary has a partner")
        case nil: parts.append("no state is known")
        }
        parts.append(access.map { "server \($0)" } ?? "server \(life)")
        return parts.joined(separator: ", ")
    }
}

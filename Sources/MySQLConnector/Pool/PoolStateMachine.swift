/// What a pool decides, as a value: an event in, actions out. No clock, no I/O, no locks.
///
/// Times are counted from the pool's start. Tasks that wait are served first come, first served. Idle connections are
/// handed out newest first, so that those which are not needed grow old and are closed.
struct PoolStateMachine {
    private enum Phase {
        case opening, leased
        case idle(since: Duration, heard: Duration)
        case probing(idleSince: Duration)
    }

    private struct Slot {
        var phase: Phase
        /// When opening began; a connection's age counts from here.
        var start: Duration
    }

    private enum Mode { case running, draining, closed }

    private let options: MySQLPoolOptions
    private var mode = Mode.running
    private var slots: [ConnectionID: Slot] = [:]
    /// The most recently used is last.
    private var idle: [ConnectionID] = []
    private var openingCount = 0
    private var waiters = WaiterQueue()
    private var nextID = 0
    private var consecutiveFailures = 0
    private var lastFailure = Duration.zero
    private var nextAttempt = Duration.zero
    private var armedWake: Duration?
    private var hasFinished = false

    init(options: MySQLPoolOptions) { self.options = options }

    var idleCount: Int { idle.count }
    var waiterCount: Int { waiters.count }
    var connectingCount: Int { openingCount }
    var leasedCount: Int { slots.count - idle.count - openingCount }

    mutating func start(at now: Duration) -> [Action] { openAsNeeded(at: now) }

    /// Opens connections before tasks ask for them, until the pool has `count` connections or its maximum. A connection
    /// that no task takes is closed like any other that idles.
    mutating func prepare(_ count: Int, at now: Duration) -> [Action] {
        guard mode == .running, consecutiveFailures == 0 else { return [] }
        let wanted = min(count, options.maximumConnections) - slots.count
        return wanted > 0 ? (0..<wanted).map { _ in beginOpening(after: .zero, at: now) } : []
    }

    /// An idle connection for one who needs not wait. Nobody can be waiting while there is one.
    mutating func acquireIdle() -> ConnectionID? {
        guard mode == .running, let id = idle.popLast() else { return nil }
        setPhase(.leased, of: id)
        return id
    }

    mutating func acquire(for waiter: WaiterID, at now: Duration) -> (Acquisition, [Action]) {
        guard mode == .running else { return (.refused(.closed), []) }
        if let id = acquireIdle() { return (.leased(id), []) }
        if isUnreachable { return (.refused(.unreachable), attemptIfNone(at: now)) }
        guard waiters.count < options.maximumWaiters else { return (.refused(.queueFull), []) }
        let deadline = now + options.acquireTimeout
        waiters.append(waiter, deadline: deadline)
        return (.waiting, openAsNeeded(at: now) + arm(deadline))
    }

    /// A waiter gave up.
    /// - Returns: whether it was still waiting; if not, it was handed a connection or failed already.
    mutating func abandon(_ waiter: WaiterID) -> (Bool, [Action]) {
        let wasWaiting = waiters.remove(waiter)
        return (wasWaiting, wasWaiting ? finishIfDrained() : [])
    }

    mutating func opened(_ id: ConnectionID, at now: Duration) -> [Action] {
        guard let slot = slots[id], case .opening = slot.phase else { return [.close(id)] }
        openingCount -= 1
        consecutiveFailures = 0
        return place(id, idleSince: now, at: now) + openAsNeeded(at: now)
    }

    mutating func openFailed(_ id: ConnectionID, at now: Duration) -> [Action] {
        guard let slot = slots.removeValue(forKey: id) else { return [] }
        openingCount -= 1
        // Attempts that were under way together fail together, and count once.
        if slot.start >= lastFailure || consecutiveFailures == 0 {
            consecutiveFailures += 1
            lastFailure = now
            nextAttempt = now + backoff(afterFailures: consecutiveFailures)
        }
        let refused = isUnreachable ? waiters.removeAll().map { Action.fail($0, .unreachable) } : []
        return refused + openAsNeeded(at: now) + finishIfDrained()
    }

    /// A lease ended. `isReusable` is false for a connection that must not be used again.
    mutating func released(_ id: ConnectionID, isReusable: Bool, at now: Duration) -> [Action] {
        guard let slot = slots[id], case .leased = slot.phase else { return [] }
        guard isReusable, now - slot.start < options.maximumLifetime else {
            slots[id] = nil
            return [.close(id)] + openAsNeeded(at: now) + finishIfDrained()
        }
        return place(id, idleSince: now, at: now)
    }

    /// The client's lease of a connection ended, and the connection may be used again. It is the same as `released`
    /// while another client waits for a connection, as under load.
    ///
    /// - Returns: who has the connection now; `nil` when that is not so simple, and nothing was done.
    mutating func passedOn(_ id: ConnectionID, at now: Duration) -> WaiterID? {
        guard let slot = slots[id], case .leased = slot.phase, now - slot.start < options.maximumLifetime else {
            return nil
        }
        return waiters.popFirst()
    }

    /// The answer to `probe`.
    mutating func probed(_ id: ConnectionID, isAlive: Bool, at now: Duration) -> [Action] {
        guard let slot = slots[id], case .probing(let idleSince) = slot.phase else { return [] }
        if isAlive { return place(id, idleSince: idleSince, at: now) }
        slots[id] = nil
        return [.close(id)] + openAsNeeded(at: now) + finishIfDrained()
    }

    mutating func wake(at now: Duration) -> [Action] {
        var actions = waiters.removeExpired(at: now).map { Action.fail($0, .timeout) }
        for id in idle where isWorn(id, at: now) {
            slots[id] = nil
            actions.append(.close(id))
        }
        idle.removeAll { slots[$0] == nil }
        actions += probeSilent(at: now) + openAsNeeded(at: now)
        // An earlier timer than the armed one was overtaken; the armed one will come.
        guard armedWake.map({ $0 <= now }) ?? true else { return actions + finishIfDrained() }
        armedWake = nil
        let next = [waiters.firstDeadline, idle.map(nextDate).min()].compactMap(\.self).min()
        return actions + (next.map { arm(max($0, now + .milliseconds(1))) } ?? []) + finishIfDrained()
    }

    /// Takes no new tasks.
    mutating func shutDown(_ ending: Ending) -> [Action] {
        guard mode != .closed else { return [] }
        mode = ending == .force ? .closed : .draining
        var actions = idle.map(Action.close)
        for id in idle { slots[id] = nil }
        idle = []
        if ending != .drain { actions += waiters.removeAll().map { Action.fail($0, .closed) } }
        if ending == .force {
            for (id, slot) in slots {
                guard case .opening = slot.phase else { continue }
                slots[id] = nil
            }
            openingCount = 0
        }
        return actions + finishIfDrained()
    }

    // MARK: -

    /// Gives a free connection to the first in the queue, or lays it aside.
    private mutating func place(_ id: ConnectionID, idleSince: Duration, at now: Duration) -> [Action] {
        if let waiter = waiters.popFirst() {
            setPhase(.leased, of: id)
            return [.hand(id, to: waiter)]
        }
        guard mode == .running else {
            slots[id] = nil
            return [.close(id)] + finishIfDrained()
        }
        setPhase(.idle(since: idleSince, heard: now), of: id)
        // A probe does not make a connection more recently used.
        let place = idle.lastIndex { idleSince >= self.idleSince($0) }.map { $0 + 1 } ?? 0
        idle.insert(id, at: place)
        return arm(nextDate(id))
    }

    private mutating func setPhase(_ phase: Phase, of id: ConnectionID) {
        // To change the slot where it lies would allocate memory, three times.
        guard var slot = slots[id] else { return }
        slot.phase = phase
        slots[id] = slot
    }

    /// Idle connections from which nothing was heard for a while.
    private mutating func probeSilent(at now: Duration) -> [Action] {
        var actions: [Action] = []
        for id in idle {
            guard let slot = slots[id], case .idle(let since, let heard) = slot.phase,
                now - heard >= options.keepAliveInterval
            else { continue }
            setPhase(.probing(idleSince: since), of: id)
            actions.append(.probe(id))
        }
        guard !actions.isEmpty else { return [] }
        idle.removeAll { id in
            if case .probing = slots[id]?.phase { true } else { false }
        }
        return actions
    }

    private func idleSince(_ id: ConnectionID) -> Duration {
        guard let slot = slots[id], case .idle(let since, _) = slot.phase else { return .zero }
        return since
    }

    /// When something is to be done about an idle connection.
    private func nextDate(_ id: ConnectionID) -> Duration {
        guard let slot = slots[id], case .idle(_, let heard) = slot.phase else { return .zero }
        return min(wearsOut(id), heard + options.keepAliveInterval)
    }

    private mutating func openAsNeeded(at now: Duration) -> [Action] {
        guard mode != .closed else { return [] }
        let shortfall = mode == .running ? options.minimumConnections - slots.count : 0
        var wanted = min(max(waiters.count - openingCount, shortfall), options.maximumConnections - slots.count)
        // While the server does not answer, one attempt at a time finds out when it does.
        if consecutiveFailures > 0 { wanted = min(wanted, 1 - openingCount) }
        guard wanted > 0 else { return [] }
        let delay = consecutiveFailures > 0 ? max(.zero, nextAttempt - now) : .zero
        return (0..<wanted).map { _ in beginOpening(after: delay, at: now) }
    }

    /// The last attempt failed, no connection is left, and tasks are not to wait for better times.
    private var isUnreachable: Bool {
        !options.waitsForServer && consecutiveFailures > 0 && slots.count == openingCount
    }

    /// Tasks that are turned away leave nobody to open a connection for; one attempt finds out when the server is back.
    private mutating func attemptIfNone(at now: Duration) -> [Action] {
        openingCount > 0 ? [] : [beginOpening(after: max(.zero, nextAttempt - now), at: now)]
    }

    private mutating func beginOpening(after delay: Duration, at now: Duration) -> Action {
        nextID += 1
        openingCount += 1
        slots[nextID] = Slot(phase: .opening, start: now + delay)
        return .open(nextID, after: delay)
    }

    private func backoff(afterFailures failures: Int) -> Duration {
        let doublings = min(failures - 1, 20)
        return min(options.backoff.upperBound, options.backoff.lowerBound * (1 << doublings))
    }

    private func wearsOut(_ id: ConnectionID) -> Duration {
        guard let slot = slots[id], case .idle(let since, _) = slot.phase else { return .zero }
        let end = slot.start + options.maximumLifetime
        // Those of the minimum never grow too idle; a timer for that would fire again and again.
        return slots.count > options.minimumConnections ? min(since + options.idleTimeout, end) : end
    }

    private func isWorn(_ id: ConnectionID, at now: Duration) -> Bool {
        guard let slot = slots[id], case .idle(let since, _) = slot.phase else { return false }
        if now - slot.start >= options.maximumLifetime { return true }
        return slots.count > options.minimumConnections && now - since >= options.idleTimeout
    }

    private mutating func arm(_ time: Duration) -> [Action] {
        if let armedWake, armedWake <= time { return [] }
        armedWake = time
        return [.wake(at: time)]
    }

    private mutating func finishIfDrained() -> [Action] {
        guard mode != .running, !hasFinished, waiters.count == 0, leasedCount == 0 else { return [] }
        hasFinished = true
        return [.finish]
    }
}

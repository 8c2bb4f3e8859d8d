import Testing

@testable import MySQLConnector

@Suite("Pool decisions")
struct PoolStateMachineTests {
    private typealias Action = PoolStateMachine.Action

    private func machine(minimum: Int = 0, maximum: Int = 2, _ change: (inout MySQLPoolOptions) -> Void = { _ in })
        -> PoolStateMachine
    {
        var options = MySQLPoolOptions(minimumConnections: minimum, maximumConnections: maximum)
        options.acquireTimeout = .seconds(5)
        options.idleTimeout = .seconds(60)
        options.maximumLifetime = .seconds(1000)
        options.keepAliveInterval = .seconds(2000)
        options.backoff = .milliseconds(100) ... .seconds(1)
        change(&options)
        return PoolStateMachine(options: options)
    }

    private func opens(_ actions: [Action]) -> [PoolStateMachine.ConnectionID] {
        actions.compactMap { if case .open(let id, _) = $0 { id } else { nil } }
    }

    @Test("the minimum is opened at the start")
    func minimum() {
        var pool = machine(minimum: 2, maximum: 3)
        #expect(opens(pool.start(at: .zero)) == [1, 2])
    }

    @Test("connections opened ahead are as many as there may be, wait for nobody, and grow old like others")
    func prepared() {
        var pool = machine(minimum: 1, maximum: 3)
        #expect(opens(pool.start(at: .zero)) == [1])
        #expect(opens(pool.prepare(2, at: .zero)) == [2] && pool.prepare(2, at: .zero).isEmpty)
        #expect(opens(pool.prepare(9, at: .zero)) == [3] && pool.connectingCount == 3)
        for id in 1...3 { _ = pool.opened(id, at: .zero) }
        #expect(pool.idleCount == 3)
        #expect(pool.wake(at: .seconds(60)).contains(.close(1)) && pool.idleCount == 1)

        // A server that does not answer is met by one attempt at a time.
        var other = machine(minimum: 1, maximum: 3)
        _ = other.start(at: .zero)
        #expect(opens(other.openFailed(1, at: .zero)) == [2])
        #expect(other.prepare(3, at: .zero).isEmpty)
        _ = other.shutDown(.leave)
        #expect(other.prepare(3, at: .seconds(1)).isEmpty)
    }

    @Test("the first who wait are the first served, and no more is opened than the maximum")
    func fairness() {
        var pool = machine()
        for waiter in 1...4 { #expect(pool.acquire(for: waiter, at: .zero).0 == .waiting) }
        #expect(pool.connectingCount == 2)
        #expect(pool.opened(2, at: .zero).contains(.hand(2, to: 1)))
        #expect(pool.opened(1, at: .zero).contains(.hand(1, to: 2)))
        #expect(pool.released(1, isReusable: true, at: .zero) == [.hand(1, to: 3)])
        #expect(pool.abandon(4).0)
        #expect(!pool.abandon(4).0)
        #expect(pool.acquire(for: 5, at: .zero).0 == .waiting)
        #expect(pool.released(2, isReusable: true, at: .zero) == [.hand(2, to: 5)])
    }

    @Test("a connection passed on goes to the first who waits, as one released does, and else stays as it is")
    func passedOn() {
        var pool = machine(maximum: 1)
        for waiter in 1...4 { _ = pool.acquire(for: waiter, at: .zero) }
        #expect(pool.opened(1, at: .zero).contains(.hand(1, to: 1)))
        #expect(pool.abandon(2).0)
        var other = pool
        #expect(pool.passedOn(1, at: .seconds(1)) == 3)
        #expect(other.released(1, isReusable: true, at: .seconds(1)) == [.hand(1, to: 3)])
        #expect(pool.leasedCount == 1 && pool.waiterCount == 1)
        // One that has served its time is not passed on.
        #expect(pool.passedOn(1, at: .seconds(1000)) == nil)
        #expect(pool.waiterCount == 1)
        #expect(pool.passedOn(1, at: .seconds(999)) == 4)
        #expect(pool.passedOn(1, at: .seconds(999)) == nil)
        #expect(pool.leasedCount == 1 && pool.idleCount == 0)
        _ = pool.released(1, isReusable: true, at: .seconds(2))
        #expect(pool.idleCount == 1 && pool.passedOn(1, at: .seconds(2)) == nil)
    }

    @Test(
        "who has another server to ask is told at once that this one is away, and one attempt at a time finds out when it is back"
    )
    func unreachable() {
        var pool = machine(minimum: 1) { $0.waitsForServer = false }
        _ = pool.start(at: .zero)
        #expect(pool.acquire(for: 1, at: .zero).0 == .waiting)
        let failed = pool.openFailed(1, at: .zero)
        #expect(failed.contains(.fail(1, .unreachable)) && opens(failed) == [2])
        let (second, others) = pool.acquire(for: 2, at: .milliseconds(10))
        #expect(second == .refused(.unreachable) && others.isEmpty)
        _ = pool.opened(2, at: .milliseconds(200))
        #expect(pool.acquire(for: 3, at: .milliseconds(200)).0 == .leased(2))

        // Without a minimum, one who is turned away sets the next attempt off.
        var lazy = machine { $0.waitsForServer = false }
        _ = lazy.acquire(for: 1, at: .zero)
        #expect(lazy.openFailed(1, at: .zero) == [.fail(1, .unreachable)])
        let (refused, actions) = lazy.acquire(for: 2, at: .milliseconds(20))
        #expect(refused == .refused(.unreachable) && actions == [.open(2, after: .milliseconds(80))])
        let (third, more) = lazy.acquire(for: 3, at: .milliseconds(30))
        #expect(third == .refused(.unreachable) && more.isEmpty)
    }

    @Test("of idle connections the last used is taken first")
    func newestFirst() {
        var pool = machine(minimum: 2)
        _ = pool.start(at: .zero)
        _ = pool.opened(1, at: .zero)
        _ = pool.opened(2, at: .zero)
        #expect(pool.acquire(for: 1, at: .zero).0 == .leased(2))
        #expect(pool.acquireIdle() == 1)
        #expect(pool.acquireIdle() == nil)
    }

    @Test("a broken connection is closed and replaced for those who wait")
    func replacement() {
        var pool = machine(maximum: 1)
        _ = pool.acquire(for: 1, at: .zero)
        _ = pool.opened(1, at: .zero)
        _ = pool.acquire(for: 2, at: .zero)
        let actions = pool.released(1, isReusable: false, at: .zero)
        #expect(actions == [.close(1), .open(2, after: .zero)])
    }

    @Test("waiters fail at their deadline, in order, and not before")
    func timeouts() {
        var pool = machine(maximum: 1)
        let (_, actions) = pool.acquire(for: 1, at: .seconds(1))
        #expect(actions.contains(.wake(at: .seconds(6))))
        _ = pool.acquire(for: 2, at: .seconds(2))
        #expect(!pool.wake(at: .seconds(5)).contains(.fail(1, .timeout)))
        let late = pool.wake(at: .seconds(6))
        #expect(
            late.contains(.fail(1, .timeout)) && !late.contains(.fail(2, .timeout))
                && late.contains(.wake(at: .seconds(7))))
        #expect(pool.waiterCount == 1)
    }

    @Test("the queue has a bound")
    func boundedQueue() {
        var pool = machine(maximum: 1) { $0.maximumWaiters = 1 }
        #expect(pool.acquire(for: 1, at: .zero).0 == .waiting)
        #expect(pool.acquire(for: 2, at: .zero).0 == .refused(.queueFull))
    }

    @Test("after a failure one attempt at a time is made, ever later, up to a bound")
    func backoff() {
        var pool = machine(maximum: 8)
        for waiter in 1...8 { _ = pool.acquire(for: waiter, at: .zero) }
        // Eight attempts fail together: that is one failure.
        var actions: [Action] = []
        for id in 1...8 { actions += pool.openFailed(id, at: .milliseconds(10)) }
        #expect(actions == [.open(9, after: .milliseconds(100))])
        var now = Duration.milliseconds(10)
        var delays: [Duration] = []
        for id in 9...14 {
            now += .milliseconds(1000)
            for case .open(_, let delay) in pool.openFailed(id, at: now) { delays.append(delay) }
        }
        #expect(delays == [200, 400, 800, 1000, 1000, 1000].map(Duration.milliseconds))
        // The first success opens the way for all who wait.
        #expect(opens(pool.opened(15, at: now)).count == 7)
    }

    @Test(
        "without anyone waiting a failed attempt is not repeated, and the next one asking is not refused the rest of the wait"
    )
    func noNeedlessAttempts() {
        var pool = machine()
        _ = pool.acquire(for: 1, at: .zero)
        _ = pool.abandon(1)
        #expect(pool.openFailed(1, at: .zero).isEmpty)
        #expect(pool.acquire(for: 2, at: .milliseconds(30)).1.contains(.open(2, after: .milliseconds(70))))
    }

    @Test("idle connections above the minimum are closed, the others stay, and no timer spins")
    func idleTimeout() {
        var pool = machine(minimum: 1, maximum: 3)
        _ = pool.start(at: .zero)
        _ = pool.opened(1, at: .zero)
        let lease = pool.acquireIdle()
        _ = pool.acquire(for: 1, at: .zero)
        _ = pool.opened(2, at: .zero)
        _ = pool.released(2, isReusable: true, at: .seconds(1))
        _ = pool.released(lease ?? 0, isReusable: true, at: .seconds(2))
        let actions = pool.wake(at: .seconds(62))
        #expect(actions.contains(.close(2)) && !actions.contains(.close(1)))
        #expect(pool.idleCount == 1)
        for case .wake(let time) in pool.wake(at: .seconds(70)) { #expect(time == .seconds(1000)) }
    }

    @Test("an old connection is closed when it comes back, and one of the minimum is replaced")
    func lifetime() {
        var pool = machine(minimum: 1)
        _ = pool.start(at: .zero)
        _ = pool.opened(1, at: .zero)
        #expect(pool.acquireIdle() == 1)
        #expect(pool.released(1, isReusable: true, at: .seconds(1000)) == [.close(1), .open(2, after: .zero)])
    }

    @Test("a graceful shutdown refuses new tasks, serves those that wait, and ends with the last lease")
    func graceful() {
        var pool = machine(maximum: 1)
        _ = pool.acquire(for: 1, at: .zero)
        _ = pool.opened(1, at: .zero)
        _ = pool.acquire(for: 2, at: .zero)
        #expect(pool.shutDown(.drain).isEmpty)
        #expect(pool.acquire(for: 3, at: .zero).0 == .refused(.closed))
        #expect(pool.released(1, isReusable: true, at: .zero) == [.hand(1, to: 2)])
        #expect(pool.released(1, isReusable: true, at: .zero) == [.close(1), .finish])
    }

    @Test("a forced shutdown fails those that wait at once")
    func forced() {
        var pool = machine(maximum: 1)
        _ = pool.acquire(for: 1, at: .zero)
        #expect(pool.shutDown(.force) == [.fail(1, .closed), .finish])
        #expect(pool.opened(1, at: .zero) == [.close(1)])
    }

    @Test("who leaves refuses those that wait, and ends with the last lease")
    func leaving() {
        var pool = machine(maximum: 1)
        _ = pool.acquire(for: 1, at: .zero)
        _ = pool.opened(1, at: .zero)
        _ = pool.acquire(for: 2, at: .zero)
        #expect(pool.shutDown(.leave) == [.fail(2, .closed)])
        #expect(pool.acquire(for: 3, at: .zero).0 == .refused(.closed))
        #expect(pool.released(1, isReusable: true, at: .zero) == [.close(1), .finish])
    }

    @Test("whatever happens, bounds hold and nobody is served twice", arguments: 0..<50)
    func invariants(seed: UInt64) {
        var random = SplitMix(state: seed)
        var pool = machine(minimum: 1, maximum: 4) {
            $0.maximumWaiters = 6
            $0.keepAliveInterval = .seconds(5)
        }
        var world = PoolWorld()
        world.carryOut(pool.start(at: .zero))
        for _ in 0..<2000 {
            world.step(&pool, &random)
            #expect(world.opening.count + world.idleOrLeased.count <= 4)
            #expect(pool.waiterCount <= 6 && pool.waiterCount == world.waiting.count)
            #expect(world.problems.isEmpty)
        }
    }

    @Test("an idle connection is asked for a sign of life, and grows no younger by answering")
    func keepAlive() {
        var pool = machine(minimum: 0) { $0.keepAliveInterval = .seconds(20) }
        _ = pool.acquire(for: 1, at: .zero)
        _ = pool.opened(1, at: .zero)
        _ = pool.released(1, isReusable: true, at: .seconds(1))
        #expect(pool.wake(at: .seconds(5)).contains(.wake(at: .seconds(21))))
        #expect(pool.wake(at: .seconds(21)).contains(.probe(1)))
        #expect(pool.idleCount == 0 && pool.acquireIdle() == nil)
        #expect(pool.probed(1, isAlive: true, at: .seconds(22)).contains(.wake(at: .seconds(42))))
        #expect(pool.idleCount == 1)
        #expect(pool.wake(at: .seconds(42)).contains(.probe(1)))
        _ = pool.probed(1, isAlive: true, at: .seconds(42))
        #expect(pool.wake(at: .seconds(61)).contains(.close(1)))
    }

    @Test("a connection that gives no sign of life is replaced, and one that does goes to who waits")
    func probes() {
        var pool = machine(minimum: 1, maximum: 1) { $0.keepAliveInterval = .seconds(20) }
        _ = pool.start(at: .zero)
        _ = pool.opened(1, at: .zero)
        #expect(pool.wake(at: .seconds(20)).contains(.probe(1)))
        #expect(pool.acquire(for: 7, at: .seconds(20)).0 == .waiting)
        #expect(pool.probed(1, isAlive: true, at: .seconds(20)) == [.hand(1, to: 7)])
        _ = pool.released(1, isReusable: true, at: .seconds(21))
        #expect(pool.wake(at: .seconds(41)).contains(.probe(1)))
        let actions = pool.probed(1, isAlive: false, at: .seconds(42))
        #expect(actions.contains(.close(1)) && opens(actions) == [2])
        #expect(pool.probed(1, isAlive: true, at: .seconds(43)).isEmpty)
    }

    @Test("a shutdown waits for the answer of a connection that is being asked")
    func probeDuringShutdown() {
        var pool = machine(minimum: 1, maximum: 1) { $0.keepAliveInterval = .seconds(20) }
        _ = pool.start(at: .zero)
        _ = pool.opened(1, at: .zero)
        _ = pool.wake(at: .seconds(20))
        #expect(!pool.shutDown(.drain).contains(.finish))
        #expect(pool.probed(1, isAlive: true, at: .seconds(21)) == [.close(1), .finish])
    }
}

/// A source of chance that a seed repeats.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Plays the part of connections and tasks.
private struct PoolWorld {
    var now = Duration.zero
    var opening: Set<Int> = []
    var idleOrLeased: Set<Int> = []
    var leased: Set<Int> = []
    var probing: Set<Int> = []
    var waiting: Set<Int> = []
    var problems: [String] = []
    private var lastWaiter = 0

    mutating func step(_ pool: inout PoolStateMachine, _ random: inout SplitMix) {
        now += .milliseconds(Int.random(in: 0...2000, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1:
            lastWaiter += 1
            let (outcome, actions) = pool.acquire(for: lastWaiter, at: now)
            if outcome == .waiting { waiting.insert(lastWaiter) }
            if case .leased(let id) = outcome { lend(id) }
            carryOut(actions)
        case 2:
            if let id = opening.randomElement(using: &random) {
                opening.remove(id)
                idleOrLeased.insert(id)
                carryOut(pool.opened(id, at: now))
            }
        case 3:
            if let id = opening.randomElement(using: &random) {
                opening.remove(id)
                carryOut(pool.openFailed(id, at: now))
            }
        case 4:
            if let id = leased.randomElement(using: &random) {
                leased.remove(id)
                carryOut(pool.released(id, isReusable: Bool.random(using: &random), at: now))
            }
        case 5:
            if let waiter = waiting.randomElement(using: &random) {
                waiting.remove(waiter)
                let (wasWaiting, actions) = pool.abandon(waiter)
                if !wasWaiting { problems.append("waiter \(waiter) was lost") }
                carryOut(actions)
            }
        case 6:
            if let id = probing.randomElement(using: &random) {
                probing.remove(id)
                carryOut(pool.probed(id, isAlive: Bool.random(using: &random), at: now))
            }
        default: carryOut(pool.wake(at: now))
        }
    }

    mutating func carryOut(_ actions: [PoolStateMachine.Action]) {
        for action in actions {
            switch action {
            case .open(let id, _): opening.insert(id)
            case .close(let id):
                if leased.contains(id) || idleOrLeased.remove(id) == nil { problems.append("closed \(id)") }
            case .probe(let id):
                if leased.contains(id) || !probing.insert(id).inserted { problems.append("probed \(id) wrongly") }
            case .hand(let id, let waiter):
                if waiting.remove(waiter) == nil { problems.append("served \(waiter) twice") }
                lend(id)
            case .fail(let waiter, _):
                if waiting.remove(waiter) == nil { problems.append("failed \(waiter) twice") }
            case .wake(let time): if time < now { problems.append("a timer in the past") }
            case .finish: problems.append("finished while running")
            }
        }
    }

    private mutating func lend(_ id: Int) {
        if !idleOrLeased.contains(id) || probing.contains(id) || !leased.insert(id).inserted {
            problems.append("lent \(id) wrongly")
        }
    }
}

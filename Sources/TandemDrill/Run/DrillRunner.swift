import Synchronization
import TandemStack

/// Breaks a stack, one fault after the other, under load.
public final class DrillRunner: Sendable {
    let site: FaultSite
    let ledger: Ledger
    let traffic: Traffic
    let settle: (@Sendable () async throws -> Void)?
    let options: DrillOptions
    let tell: @Sendable (DrillEvent) -> Void
    private let interruption = Mutex<String?>(nil)
    private let pace = Mutex(Pace())
    private let alerts = Mutex(AlertBook())

    static let wholeBound = Duration.seconds(120)
    static let warmUp = Duration.seconds(2)
    private static let endBound = Duration.seconds(5)
    private static let alertPause = Duration.seconds(2)

    public init(
        site: FaultSite, ledger: Ledger, plan: TrafficPlan, door: any FrontDoor, options: DrillOptions,
        tell: @escaping @Sendable (DrillEvent) -> Void
    ) {
        self.site = site
        self.ledger = ledger
        traffic = Traffic(plan: plan, ledger: ledger, door: door)
        if let write = plan.write {
            settle = { try await Settlement(ledger: ledger, door: door, write: write).run() }
        } else {
            settle = nil
        }
        self.options = options
        self.tell = tell
    }

    /// Has the drill heal what it broke, settle its ledger and end.
    public func interrupt(_ why: String) { interruption.withLock { $0 = $0 ?? why } }

    var interrupted: String? { interruption.withLock { $0 } }

    /// - Throws: `DrillError` where there was nothing to be tried: the load fails by itself.
    public func run(_ faults: [any Fault]) async throws -> DrillResult {
        let visitors = Task { await traffic.run() }
        let watch = Task { await watchAlerts() }
        defer {
            visitors.cancel()
            watch.cancel()
        }
        var result = DrillResult()
        do {
            try await pause(Self.warmUp)
            if let failure = ledger.progress.firstFailure {
                throw DrillError(
                    "requests fail although nothing was broken yet, so nothing is broken now either; the first: \(failure)"
                )
            }
            try await tryAll(faults, &result)
        } catch let stop as Stop {
            result.stopped = stop.reason
        }
        await end(visitors)
        result.reads = ledger.progress.reads
        result.writes = ledger.progress.writes
        await settleAll(&result)
        ledger.flush()
        alerts.withLock { $0.assign(to: &result.runs) }
        return result
    }

    private func watchAlerts() async {
        while !Task.isCancelled {
            let firing = await site.stack.firing()
            alerts.withLock { $0.look(firing) }
            try? await Task.sleep(for: Self.alertPause)
        }
    }

    private func tryAll(_ faults: [any Fault], _ result: inout DrillResult) async throws {
        var random = SeededOrder(seed: options.seed)
        var place = 0
        var written = 0
        for _ in 0..<options.repeats {
            for fault in faults.shuffled(using: &random) {
                place += 1
                tell(
                    .trying(
                        name: fault.name, event: fault.event, place: place, of: faults.count * options.repeats))
                let jitter = Duration.milliseconds(Int.random(in: 0..<500, using: &random))
                var run = FaultRun(name: fault.name)
                run.areReadsPromised = fault.promise.readsGoOn
                do {
                    try await tryOut(fault, jitter, &run)
                } catch let stop as Stop {
                    run.writes = written..<ledger.withBook { $0.count }
                    if run.struckAt != nil { result.runs.append(run) }
                    throw stop
                }
                run.writes = written..<max(written, run.writes.upperBound)
                written = run.writes.upperBound
                result.runs.append(run)
                tell(.tried(run))
            }
        }
    }

    // MARK: One fault

    private func tryOut(_ fault: any Fault, _ jitter: Duration, _ run: inout FaultRun) async throws {
        try await becomeWhole()
        let look = await site.stack.look()
        if let obstacle = fault.obstacle(look) {
            run.obstacle = obstacle
            return
        }
        run.singlePoint = fault.singlePoint(look)
        try await spare(fault.victims)
        ledger.openWindow()
        try await pause(options.margin + jitter)
        let notes = Notes()
        do {
            // What is a single point of failure fails for as long as it is away.
            run.proof = try await guarded(
                fault, notes, isBounded: fault.promise.readsGoOn && run.singlePoint == nil)
        } catch let error as DrillError {
            run.obstacle = notes.struckAt == nil ? error.description : nil
            run.trouble = notes.struckAt == nil ? nil : error.description
        } catch let stop as Stop {
            run.struckAt = notes.struckAt
            run.trouble = stop.reason
            await close(&run, notes)
            throw stop
        }
        ledger.isOver()
        try? await pause(options.margin)
        await close(&run, notes)
    }

    private func close(_ run: inout FaultRun, _ notes: Notes) async {
        run.struckAt = notes.struckAt
        run.struckDate = notes.struckDate
        run.recovery = notes.recovery
        run.away = notes.away
        run.marks = notes.marks
        let closed = await ledger.closeWindow(bound: traffic.plan.patience)
        run.window = closed.window
        run.writes = 0..<closed.writes
    }

    /// Strikes, and waits until all runs again, unless it goes too badly or somebody asks us to stop: then what was
    /// done is undone first.
    private func guarded(_ fault: any Fault, _ notes: Notes, isBounded: Bool) async throws -> String {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { [self] in
                let evidence = try await fault.strike(site) {
                    ledger.struck()
                    notes.struck(at: ledger.windowTime)
                }
                try await site.waitUntil(
                    bound: recoveryBound(fault), "it was not whole again in time after: \(fault.name)",
                    evidence.struck.isOver)
                notes.isOver(at: ledger.windowTime, away: evidence.away)
                return evidence.words
            }
            group.addTask { [self] in await watch(notes, isBounded: isBounded) }
            let first = try await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            // Until it has undone what it did.
            _ = await group.nextResult()
            throw Stop(reason: interrupted ?? "it was stopped")
        }
    }

    func recoveryBound(_ fault: any Fault) -> Duration {
        .seconds(Self.recoveryBudget(fault.promise, options.budgets) + 60)
    }

    static func recoveryBudget(_ promise: Promise, _ budgets: Drill.Budgets) -> Int {
        promise.readsGoOn ? budgets.recoverySeconds : 2 * budgets.recoverySeconds
    }

    /// Returns when the drill has to stop; notes meanwhile what becomes of the stack.
    private func watch(_ notes: Notes, isBounded: Bool) async -> String? {
        while !Task.isCancelled, interrupted == nil {
            let look = await site.stack.look()
            notes.add(look.state, look.primary, at: ledger.windowTime)
            let failed = ledger.progress.failedInWindow
            if isBounded, failed > options.mostFailures {
                interrupt("\(failed) requests had failed: it was healed, and the drill stopped")
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        return nil
    }

    // MARK: Between faults

    struct Stop: Error { var reason: String }

    func pause(_ time: Duration) async throws {
        let deadline = ContinuousClock.now + time
        while ContinuousClock.now < deadline {
            if let reason = interrupted { throw Stop(reason: reason) }
            try await Task.sleep(for: min(.milliseconds(50), max(.zero, deadline - .now)))
        }
    }

    private func becomeWhole() async throws {
        let deadline = ContinuousClock.now + Self.wholeBound
        var hasSaid = false
        while true {
            let look = await site.stack.look()
            if look.isWhole { return }
            guard ContinuousClock.now < deadline else {
                throw Stop(reason: "the stack was \(look.state) for 120 s, so the drill stopped")
            }
            if !hasSaid { tell(.waiting("until the stack is whole (it is \(look.state))")) }
            hasSaid = true
            try await pause(.milliseconds(200))
        }
    }

    /// An agent gives a rest to what ends often within a minute: that is another fault than the one that is tried.
    private func spare(_ victims: [Part]) async throws {
        let time = pace.withLock { $0.wait(for: victims) }
        if time > .seconds(1) {
            tell(.waiting("\(time.components.seconds) s: this was ended three times within a minute"))
        }
        try await pause(time)
        try await becomeWhole()
        pace.withLock { $0.struck(victims) }
    }

    // MARK: The end

    private func end(_ visitors: Task<Void, Never>) async {
        traffic.stop()
        if interrupted != nil {
            let deadline = Task {
                try? await Task.sleep(for: Self.endBound)
                if !Task.isCancelled { visitors.cancel() }
            }
            await visitors.value
            deadline.cancel()
        } else {
            await visitors.value
        }
    }

    private func settleAll(_ result: inout DrillResult) async {
        let all = 0..<ledger.withBook { $0.count }
        guard let settle, !all.isEmpty else { return }
        tell(.settling(writes: all.count))
        do {
            try? await site.waitUntil(bound: Self.wholeBound, "it is not whole", \.isWhole)
            try await settle()
        } catch {
            result.stopped = result.stopped ?? "\(error)"
            return
        }
        result.settlement = ledger.withBook { $0.settlement(of: all) }
        // What was written after the last fault is that one's.
        if let last = result.runs.indices.last {
            result.runs[last].writes = result.runs[last].writes.lowerBound..<all.upperBound
        }
        for place in result.runs.indices {
            let range = result.runs[place].writes
            result.runs[place].settlement = ledger.withBook { $0.settlement(of: range) }
        }
    }
}

import Foundation
public import TandemStack

/// What `tandem drill --format json` says, in snake_case. A contract: names and meanings stay.
public struct DrillReport: Codable, Sendable, Equatable {
    public enum Verdict: String, Codable, Sendable {
        case held
        case broken
        case notTested = "not_tested"
    }

    public struct Budget: Codable, Sendable, Equatable {
        /// Missing where reads are not promised to go on.
        public var failedReads: Int?
        public var readPauseMilliseconds: Int?
        /// Failed or cut; missing where nothing is promised of writes.
        public var interruptedWrites: Int?
        public var writePauseMilliseconds: Int?
        public var recoveryMilliseconds: Int
    }

    public struct Run: Codable, Sendable, Equatable {
        public var verdict: Verdict
        /// Each promise that was broken, in words.
        public var reasons: [String]
        public var notTested: String?
        public var proof: String?
        public var reads: Window.Counts
        public var writes: Window.Counts
        /// Missing where the app could not be asked, or nothing was written.
        public var settlement: WriteSettlement?
        public var longestReadPauseMilliseconds: Int
        public var longestWritePauseMilliseconds: Int
        public var slowestMilliseconds: Int
        public var p99BeforeMilliseconds: Double?
        public var p99DuringMilliseconds: Double?
        public var p99AfterMilliseconds: Double?
        /// From the fault until all of the stack ran again.
        public var recoveryMilliseconds: Int?
        /// How much of it a machine took to boot, which no budget counts.
        public var bootMilliseconds: Int?
        public var struckAtMilliseconds: Int?
        /// The same by the clock: ISO 8601 with milliseconds, UTC.
        public var struckAt: String?
        public var marks: [FaultRun.Mark]
        /// The first of the requests that were not answered well, in words.
        public var failures: [String]
        public var timeline: Timeline
        /// What the monitors told people between this fault and the next; missing where nothing watches the stack.
        public var alerts: [Alert]?
    }

    public struct Alert: Codable, Sendable, Equatable {
        public var name: String
        public var host: String?
        /// From the fault until it fired.
        public var afterMilliseconds: Int
    }

    public struct FaultReport: Codable, Sendable, Equatable {
        public var name: String
        public var hypothesis: String
        public var verdict: Verdict
        public var budget: Budget
        public var runs: [Run]
    }

    public var stack: String
    public var url: String
    /// ISO 8601, UTC.
    public var startedAt: String
    public var durationSeconds: Int
    public var seed: UInt64
    public var clients: Int
    public var requestsPerSecond: Double
    public var repeats: Int
    public var verdict: Verdict
    /// One sentence for whoever reads nothing else.
    public var summary: String
    /// Why the drill ended early, or its ledger could not be settled.
    public var stopped: String?
    public var reads: Window.Counts
    public var writes: Window.Counts
    public var settlement: WriteSettlement?
    /// Whether stale reads were looked for.
    public var looksForStaleReads: Bool
    /// The raw ledger, a line of CSV for each request.
    public var ledger: String?
    public var faults: [FaultReport]
    /// What became slower than in the drill that this one was compared with.
    public var slower: [String]?
}

extension DrillReport {
    /// What is known of a drill beside what it counted.
    public struct Setting: Sendable {
        public var stack: String
        public var url: String
        public var startedAt: String
        public var durationSeconds: Int
        public var ledger: String?

        public init(stack: String, url: String, startedAt: String, durationSeconds: Int, ledger: String?) {
            self.stack = stack
            self.url = url
            self.startedAt = startedAt
            self.durationSeconds = durationSeconds
            self.ledger = ledger
        }
    }

    public init(
        _ result: DrillResult, faults: [any Fault], plan: TrafficPlan, options: DrillOptions, setting: Setting
    ) {
        stack = setting.stack
        url = setting.url
        startedAt = setting.startedAt
        durationSeconds = setting.durationSeconds
        ledger = setting.ledger
        seed = options.seed
        clients = plan.clients
        requestsPerSecond = plan.rate
        repeats = options.repeats
        stopped = result.stopped
        reads = result.reads
        writes = result.writes
        settlement = result.settlement
        looksForStaleReads = plan.write?.reread != nil
        self.faults = faults.compactMap { fault in
            let runs = result.runs.filter { $0.name == fault.name }
            guard !runs.isEmpty else { return nil }
            return FaultReport(fault, runs, writers: plan.writers, budgets: options.budgets)
        }
        verdict = .held
        summary = ""
        conclude()
    }

    /// The verdict over all, and its sentence.
    private mutating func conclude() {
        let broken = faults.filter { $0.verdict == .broken }
        let tested = faults.filter { $0.verdict != .notTested }
        let isAnythingLost = settlement.map { $0.lost > 0 || $0.duplicated > 0 } ?? false
        if !broken.isEmpty || isAnythingLost || stopped != nil {
            verdict = .broken
        } else {
            verdict = tested.isEmpty ? .notTested : .held
        }
        summary = Wording.summary(self, broken: broken.count, tested: tested.count)
    }
}

extension DrillReport {
    /// A fault as a sentence with its budgets, before it is tried.
    public static func hypothesis(of fault: any Fault, plan: TrafficPlan, budgets: Drill.Budgets) -> String {
        let budget = Budget(fault.promise, writers: plan.writers, budgets: budgets)
        return Wording.hypothesis(fault.event, budget, fault.promise)
    }
}

extension DrillReport.FaultReport {
    init(_ fault: any Fault, _ runs: [FaultRun], writers: Int, budgets: Drill.Budgets) {
        name = fault.name
        budget = DrillReport.Budget(fault.promise, writers: writers, budgets: budgets)
        hypothesis = Wording.hypothesis(fault.event, budget, fault.promise)
        let budget = budget
        self.runs = runs.map { DrillReport.Run($0, budget) }
        let verdicts = self.runs.map(\.verdict)
        verdict = verdicts.contains(.broken) ? .broken : verdicts.contains(.held) ? .held : .notTested
    }
}

extension DrillReport.Budget {
    /// - Parameter writers: each may have one write under way.
    init(_ promise: Promise, writers: Int, budgets: Drill.Budgets) {
        if promise.readsGoOn {
            failedReads = 0
            readPauseMilliseconds = budgets.readPauseSeconds * 1000
        }
        switch promise.writes {
        case .goOn, .wait: interruptedWrites = writers + budgets.failedWrites
        case .uncut: interruptedWrites = budgets.failedWrites
        case .none: interruptedWrites = nil
        }
        if promise.writes != .none { writePauseMilliseconds = budgets.writePauseSeconds * 1000 }
        recoveryMilliseconds = DrillRunner.recoveryBudget(promise, budgets) * 1000
    }
}

extension DrillReport.Run {
    init(_ run: FaultRun, _ budget: DrillReport.Budget) {
        func milliseconds(_ time: Duration) -> Int { Int((time / .milliseconds(1)).rounded()) }
        func tenths(_ time: Duration?) -> Double? { time.map { (($0 / .microseconds(100)).rounded()) / 10 } }
        let window = run.window
        notTested = run.obstacle
        proof = run.proof
        reads = window.reads
        writes = window.writes
        settlement = run.settlement
        longestReadPauseMilliseconds = milliseconds(window.longestReadGap)
        longestWritePauseMilliseconds = milliseconds(window.longestWriteGap)
        slowestMilliseconds = milliseconds(window.slowest)
        p99BeforeMilliseconds = tenths(window.p99(.before))
        p99DuringMilliseconds = tenths(window.p99(.during))
        p99AfterMilliseconds = tenths(window.p99(.after))
        recoveryMilliseconds = run.recovery.map(milliseconds)
        bootMilliseconds = run.away > .zero ? milliseconds(run.away) : nil
        struckAtMilliseconds = run.struckAt.map(milliseconds)
        struckAt = run.struckDate?.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        marks = run.marks
        failures = window.failures
        timeline = window.timeline
        alerts = run.struckDate.flatMap { struck in
            run.alerts?.map {
                DrillReport.Alert(
                    name: $0.name, host: $0.host,
                    afterMilliseconds: Int(($0.at.timeIntervalSince(struck) * 1000).rounded()))
            }
        }
        verdict = .notTested
        reasons = []
        guard run.obstacle == nil else { return }
        reasons = Self.reasons(self, budget, trouble: run.trouble)
        // Why it was to be expected.
        if !reasons.isEmpty, let singlePoint = run.singlePoint { reasons.append(singlePoint) }
        verdict = reasons.isEmpty ? .held : .broken
    }

    /// From the fault, or from when a machine had booted, until all of the stack ran again.
    var settlingMilliseconds: Int? { recoveryMilliseconds.map { $0 - (bootMilliseconds ?? 0) } }

    /// Every promise that was not kept.
    static func reasons(_ run: Self, _ budget: DrillReport.Budget, trouble: String?) -> [String] {
        var reasons: [String] = []
        if let settlement = run.settlement {
            if settlement.lost > 0 {
                reasons.append("acknowledged but lost: \(Wording.count(settlement.lost, "write"))")
            }
            if settlement.duplicated > 0 {
                reasons.append("done more than once: \(Wording.count(settlement.duplicated, "write"))")
            }
        }
        if run.reads.stale > 0 {
            reasons.append(
                "stale: \(Wording.count(run.reads.stale, "read")) lacked what the same visitor had written before")
        }
        if let most = budget.failedReads, run.reads.failed > most {
            reasons.append("\(Wording.count(run.reads.failed, "read")) failed (budget: \(most))")
        }
        if let most = budget.readPauseMilliseconds, run.longestReadPauseMilliseconds > most {
            reasons.append(
                "no read was answered for \(Wording.seconds(run.longestReadPauseMilliseconds)) "
                    + "(budget: \(Wording.seconds(most)))")
        }
        let interrupted = run.writes.failed + run.writes.unknown
        if let most = budget.interruptedWrites, interrupted > most {
            reasons.append("\(Wording.count(interrupted, "write")) failed or were cut (budget: \(most))")
        }
        if let most = budget.writePauseMilliseconds, run.longestWritePauseMilliseconds > most {
            reasons.append(
                "no write was answered for \(Wording.seconds(run.longestWritePauseMilliseconds)) "
                    + "(budget: \(Wording.seconds(most)))")
        }
        if let trouble {
            reasons.append(trouble)
        } else if let recovery = run.settlingMilliseconds, recovery > budget.recoveryMilliseconds {
            reasons.append(
                "all ran again after \(Wording.seconds(recovery)) (budget: \(Wording.seconds(budget.recoveryMilliseconds)))"
            )
        }
        return reasons
    }
}

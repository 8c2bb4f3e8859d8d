import Logging
import TandemBlueprint
public import TandemServices

/// When a process that has not ended no longer serves. A value: told of every look and every question, it says when it
/// is over.
struct LivenessVerdict: Sendable, Equatable {
    /// Looks in a row that must find it stopped: somebody who only wants to hold it for a moment may.
    static let mostStoppedLooks = 3
    /// Questions in a row that must be without an answer, however long each of them took.
    static let mostUnanswered = 4

    /// How long it may be silent.
    let silenceBound: Duration
    private var stoppedLooks = 0
    private var unanswered = 0
    private var answeredAt: Duration

    /// - Parameter now: time since a fixed moment, on a clock that never goes back.
    init(silenceBound: Duration, now: Duration) {
        self.silenceBound = silenceBound
        answeredAt = now
    }

    /// - Returns: why it has to be replaced, or nil.
    mutating func looked(isStopped: Bool) -> String? {
        stoppedLooks = isStopped ? stoppedLooks + 1 : 0
        return stoppedLooks >= Self.mostStoppedLooks ? "it was frozen (stopped by a signal)" : nil
    }

    /// Time alone does not condemn: on a machine that is busy or was asleep, the first question may go wrong.
    mutating func asked(isAnswered: Bool, at now: Duration) -> String? {
        if isAnswered {
            unanswered = 0
            answeredAt = now
            return nil
        }
        unanswered += 1
        guard unanswered >= Self.mostUnanswered, now - answeredAt >= silenceBound else { return nil }
        return "it did not answer for \((now - answeredAt).components.seconds) s"
    }
}

/// Notices that a process has stopped serving without having ended.
public struct LivenessWatch: Sendable {
    /// What is asked, and how long it may go unanswered.
    public struct Question: Sendable {
        var interval: Duration
        var silenceBound: Duration
        /// Has a bound of its own.
        var ask: @Sendable () async -> Bool

        public init(interval: Duration, silenceBound: Duration, ask: @escaping @Sendable () async -> Bool) {
            self.interval = interval
            self.silenceBound = silenceBound
            self.ask = ask
        }
    }

    let process: RunningProcess
    /// Whether children of the process that are stopped count as its own stopping: so with servers, whose workers
    /// serve; not with agents and keepers, whose children are services that are watched for themselves.
    let isWithChildren: Bool
    /// nil: nothing is asked, only whether it is stopped.
    let question: Question?

    public init(process: RunningProcess, isWithChildren: Bool = true, question: Question? = nil) {
        self.process = process
        self.isWithChildren = isWithChildren
        self.question = question
    }

    /// With `mostStoppedLooks` this makes a frozen process one for at most 1.5 s.
    static let lookInterval = Duration.milliseconds(500)

    /// Waits until the process has to be replaced.
    /// - Returns: why; nil when it has ended or the task was cancelled.
    public func run() async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask { await look() }
            if let question { group.addTask { await ask(question) } }
            group.addTask {
                _ = await process.waitForEnd()
                return nil
            }
            let reason = await group.next() ?? nil
            group.cancelAll()
            return reason
        }
    }

    private func look() async -> String? {
        var verdict = LivenessVerdict(silenceBound: .zero, now: .zero)
        while !Task.isCancelled {
            if let reason = verdict.looked(isStopped: isStopped) { return reason }
            try? await Ticks.next(every: Self.lookInterval)
        }
        return nil
    }

    private var isStopped: Bool { isWithChildren ? process.identity.isFrozen : process.identity.isItselfFrozen }

    private func ask(_ question: Question) async -> String? {
        let start = ContinuousClock.now
        var verdict = LivenessVerdict(silenceBound: question.silenceBound, now: .zero)
        while !Task.isCancelled {
            let isAnswered = await question.ask()
            if Task.isCancelled { return nil }
            if let reason = verdict.asked(isAnswered: isAnswered, at: start.duration(to: .now)) { return reason }
            try? await Ticks.next(every: question.interval)
        }
        return nil
    }
}

extension LivenessWatch {
    /// What is asked of a service that serves; nil where only its freezing is seen. An app may be busy for as long as a
    /// request may take.
    static func question(
        for service: ServiceBlueprint, requestTimeoutSeconds: Int, ask: @escaping @Sendable () async -> Bool
    ) -> Question? {
        guard case .http = service.readiness else { return nil }
        return Question(
            interval: service.name == .app ? .seconds(5) : .seconds(1),
            silenceBound: silenceBound(of: service.name, requestTimeoutSeconds: requestTimeoutSeconds), ask: ask)
    }

    /// How long a service that serves may leave questions unanswered.
    static func silenceBound(of service: ServiceName, requestTimeoutSeconds: Int) -> Duration {
        service == .app ? max(appSilence, .seconds(requestTimeoutSeconds)) : silence
    }

    /// A busy machine was seen to keep a probe waiting for 2 s.
    private static let silence = Duration.seconds(8)
    private static let appSilence = Duration.seconds(30)
}

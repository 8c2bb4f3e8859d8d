import Foundation
import Logging
import TandemBlueprint
import TandemServices
import TandemStack
import TandemTopology

/// Keeps one service running: starts or adopts its process, waits until it can serve, starts it again when it ends or
/// hangs.
actor RestartLoop: ServiceOwner {
    nonisolated let service: ServiceBlueprint
    let own: ServiceProcess
    let hooks: ServiceHooks
    /// Where this loop says how its service is; nil where a loop runs alone, as in tests.
    private let reports: ServiceReports?
    let logger: Logger

    var process: RunningProcess?
    private var policy = RestartPolicy()
    var restarts = 0
    var isWanted = true
    /// It is being ended in order to be started again.
    var isRestarting = false
    /// Why the process goes on with earlier files.
    var refusal: String?
    /// The process is being started.
    var launching: Task<RunningProcess, any Error>?
    /// The process is being ended.
    var stopping: Task<Void, Never>?
    /// The command cannot be run at all, so that trying again at once is of no use.
    private var isCommandUseless = false
    /// Why the process had to be ended.
    private var hanging: String?
    /// Where in the log that begins which was said since the service last served: earlier lines explain no failure of
    /// today.
    var logMark: UInt64 = 0
    var hasServed = true
    /// When this loop started the process; nil where it was adopted.
    var startedAt: ContinuousClock.Instant?
    /// When an adopted process was started, ISO 8601.
    var runningSince: String?
    var strangers: StrangerWatch
    var statement: ServiceStatement

    init(process: ServiceProcess, hooks: ServiceHooks, reports: ServiceReports?, logger: Logger) {
        own = process
        service = process.service
        self.hooks = hooks
        self.reports = reports
        self.logger = logger
        strangers = StrangerWatch(process.service, users: process.starter.users(process.service))
        statement = ServiceStatement(process.service)
    }

    func run() async {
        guard let right = hooks.right else { return await keepRunning() }
        await first(of: { await self.keepRunning() }, { await self.watch(right) })
    }

    private func keepRunning() async {
        var isFirst = true
        while isWanted, !Task.isCancelled {
            do {
                let process = try await launch(isFirst: isFirst)
                isFirst = false
                let reason = try await serve(process)
                guard isWanted else { break }
                self.process = nil
                if !isRestarting { await afterEnd(reason) }
            } catch is CancellationError {
                break
            } catch {
                isCommandUseless = error is PreparationFailure
                isFirst = false
                guard isWanted else { break }
                self.process = nil
                await afterEnd("\(error)")
            }
        }
        // When the loop is cancelled, the process keeps running and its last status stays.
        if !isWanted { await set(.stopped) }
    }

    // MARK: - While it runs

    /// Waits until the process can serve, and then until it has ended, by itself or because it hangs.
    /// - Returns: why it ended.
    private func serve(_ process: RunningProcess) async throws -> String {
        hanging = nil
        async let _ = endIfItHangs(process)
        let reason = try await serveUntilEnd(process)
        return hanging ?? reason
    }

    private func serveUntilEnd(_ process: RunningProcess) async throws -> String {
        let bound = ContinuousClock.now + .seconds(service.startTimeoutSeconds)
        let isServing = await waitUntilReady(process, until: bound)
        try Task.checkCancellation()
        var reason: String?
        if isServing, let refusal {
            await hooks.joinRotation()
            await set(.failed, since: runningSince, detail: refusal)
        } else if isServing {
            await hooks.joinRotation()
            statement.isSettled = true
            hasServed = true
            // Of an adopted process, since its start: it has not stopped serving.
            await set(.running, since: runningSince)
        } else if isWanted, !process.hasEnded {
            reason = "it was not ready within \(service.startTimeoutSeconds) s"
            await tooLate(process)
            await end(process)
        }
        guard let ending = await process.waitForEnd() else { throw CancellationError() }
        // A stop that is under way gives what is left the rest of its time.
        if let stopping { await stopping.value } else if isWanted { await own.sweepOrphans(of: process) }
        isCommandUseless = service.account == .application && !hasServed && FailureCause.isCommandUseless(ending)
        return reason ?? "it \(ending)"
    }

    /// The time that an app gets is its author's word, so an app that needs more has failed; a server of ours may only
    /// have met a busy machine. Both are started again.
    private func tooLate(_ process: RunningProcess) async {
        let reason = "it was not ready within \(service.startTimeoutSeconds) s"
        guard service.name == .app else {
            await set(.starting, detail: "\(reason): starting it again")
            return
        }
        let why = await hooks.whyNotReady(process)
        let log = own.logTail(5, after: logMark)
        await set(.failed, detail: (["\(reason)\(why.map { ": \($0)" } ?? "")"] + log).joined(separator: "\n"))
    }

    private func endIfItHangs(_ process: RunningProcess) async {
        let question = LivenessWatch.question(
            for: service, requestTimeoutSeconds: own.starter.applied.stack.app.requestTimeoutSeconds
        ) {
            await self.isServing ? await self.hooks.isReady() : true
        }
        guard let reason = await LivenessWatch(process: process, question: question).run() else { return }
        hanging = reason
        logger.warning("\(status.name) hangs: \(reason); replacing it")
        // What is stopped hears no signal but this one.
        if process.identity.isFrozen { process.identity.kill() } else { await end(process) }
    }

    /// What is being stopped need not answer any more, however long it may take.
    private var isServing: Bool { status.state == .running && stopping == nil }
    /// A worker has no port that the agent could ask, so it counts as serving once its process has run for so long:
    /// most commands that cannot run at all end at once.
    private static let steadyTime = Duration.seconds(1)

    private var isSteady: Bool {
        guard service.readiness == .running, let startedAt else { return true }
        return startedAt.duration(to: .now) >= Self.steadyTime
    }

    /// How often `status` is told why a service is not ready yet.
    private static let sayingInterval = Duration.seconds(2)

    private func waitUntilReady(
        _ process: RunningProcess, until deadline: ContinuousClock.Instant
    ) async -> Bool {
        var saying = ContinuousClock.now + Self.sayingInterval
        while !process.hasEnded, !Task.isCancelled, isWanted, ContinuousClock.now < deadline {
            // Something else may answer on its port: only a process that lives can be ready.
            if isSteady, await hooks.isReady(), !process.hasEnded {
                let sockets = ListeningSockets.now()
                if await lookForStrangers(among: sockets), strangers.isServed(among: sockets) { return isWanted }
            }
            if ContinuousClock.now > saying {
                if let why = await hooks.whyNotReady(process), !process.hasEnded {
                    await waits("not ready yet: \(why)")
                }
                saying = .now + Self.sayingInterval
            }
            try? await Task.sleep(for: .milliseconds(40))
        }
        return false
    }

    // MARK: - What it is asked for

    func stop() async {
        isWanted = false
        await waitForLaunch()
        if let process {
            await end(process)
            if !process.hasEnded || !process.members.isEmpty { await process.sweep() }
        }
        process = nil
        own.forget()
        await hooks.right?.giveUp(isForGood: true)
        await set(.stopped)
    }

    /// What is being started is not ended before it is there.
    private func waitForLaunch() async {
        if let launching, let started = try? await launching.value, !started.hasEnded { process = started }
    }

    func restart() async throws {
        guard isWanted else { throw StateError("\(status.name) is being stopped") }
        // Another host runs it.
        if status.state == .waiting { return }
        try await own.check()
        statement.isSettled = false
        await waitForLaunch()
        isRestarting = true
        guard let process else {
            // It rests after it has failed. Whoever asks from now on is not to hear of that any more.
            if status.state == .failed { await set(.starting) } else { await publish() }
            return
        }
        await publish()
        if isServing { await hooks.leaveRotation() }
        await end(process)
    }

    /// Ends the process and all that it has started. Whoever comes meanwhile waits for the same stop.
    func end(_ process: RunningProcess) async {
        await end(process) { [hooks] _ in await hooks.stop(process) }
    }

    func end(_ process: RunningProcess, by ending: @escaping @Sendable (ServiceBlueprint.Stop) async -> Void) async {
        if let stopping { return await stopping.value }
        let stop = Task { [service] in await ending(service.stop) }
        stopping = stop
        await stop.value
        stopping = nil
    }

    @discardableResult
    func lookForStrangers(among sockets: ListeningSockets) async -> Bool {
        let running = process.flatMap { $0.hasEnded ? nil : $0.identity }
        var seen: Set<UInt64>?
        if let running, running.launcher != nil, strangers.isNew(among: sockets) {
            seen = await running.launcherSockets()
        }
        if strangers.look(among: sockets, besides: running, seen: seen, isWanted: isWanted) {
            if let stranger = strangers.stranger { logger.warning("\(status.name): \(stranger)") }
            await publish()
        }
        return strangers.stranger == nil
    }

    func reload() async throws -> Bool {
        guard let process, let signal = service.reloadSignal else { return true }
        guard isServing else { return false }
        try await own.check()
        try await own.reload(process, signal: signal, isReady: hooks.isReady)
        return true
    }

    // MARK: - After its end

    private func afterEnd(_ reason: String) async {
        let now = ContinuousClock.now
        let died = policy.died(at: Self.clockStart.duration(to: now))
        let decision = isCommandUseless ? .fail(retryAfter: RestartPolicy.rest) : died
        isCommandUseless = false
        let detail = FailureCause.detail(reason, log: own.logTail(40, after: logMark), of: own)
        logger.warning("\(status.name) ended: \(detail.reason)")
        restarts += 1
        switch decision {
        case .restart(let delay):
            await set(.starting, detail: detail.text)
            try? await Task.sleep(for: delay)
        case .fail(let delay):
            await set(.failed, detail: detail.text)
            // It may fare better on another host.
            await hooks.right?.giveUp(isForGood: false)
            let until = now + delay
            while isWanted, !isRestarting, !Task.isCancelled, ContinuousClock.now < until {
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private static let clockStart = ContinuousClock.now

    // MARK: - What is said of it

    var status: ServiceStatus { statement.status }
    /// Whether the process has served with its present settings.
    var isSettled: Bool { statement.isSettled }

    func set(_ state: ServiceStatus.State, since: String? = nil, detail: String? = nil) async {
        statement.say(state, since: since, detail: detail)
        await publish()
    }

    private func publish() async {
        let news = statement.news(pid: process?.identity.pid, restarts: restarts, stranger: strangers.stranger)
        guard let news, let reports else { return }
        reports.set(news)
        await reports.changed()
    }
}

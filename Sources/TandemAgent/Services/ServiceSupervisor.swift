import Foundation
import Glibc
import Logging
import TandemBlueprint
import TandemServices
import TandemStack
import TandemTopology

/// Keeps one service running: starts or adopts it, waits until it can serve, starts it again when it ends.
actor ServiceSupervisor {
    /// What differs between services.
    struct Hooks: Sendable {
        /// Before each start: what it needs first. Reports what it waits for.
        var prepare: @Sendable (_ waitsFor: @Sendable (String) async -> Void) async throws -> Void
        /// Whether it can serve now.
        var isReady: @Sendable () async -> Bool
        /// Why it cannot, in words, where that is known.
        var whyNotReady: @Sendable (RunningProcess) async -> String? = { _ in nil }
        /// Ends the process. The supervisor sweeps what is left of its group afterwards.
        var stop: @Sendable (RunningProcess) async -> Void
        var changed: @Sendable () async -> Void
        /// Before a process that serves is ended to be started again: has others take what would come to it.
        var leaveRotation: @Sendable () async -> Void = {}
        /// Once it can serve, and before it counts as such.
        var joinRotation: @Sendable () async -> Void = {}
        /// Before a process that serves is touched for the sake of new settings: returns when it is its turn.
        var turn: @Sendable () async -> Void = {}
        /// Takes up what needs neither a reload nor a restart; see `LoadedFiles.inPlace`.
        var refresh: (@Sendable (RunningProcess) async throws -> Void)?
    }

    nonisolated let service: ServiceBlueprint
    private let starter: ProcessStarter
    private let recordFile: String
    private let hooks: Hooks
    private let logger: Logger

    private var process: RunningProcess?
    private var policy = RestartPolicy()
    private var restarts = 0
    private var isWanted = true
    /// It is being ended in order to be started again.
    private var isRestarting = false
    /// Why the process goes on with earlier files.
    private var refusal: String?
    /// Whether the process has served with its present settings.
    private(set) var isSettled = false
    /// The process is being ended.
    private var stopping: Task<Void, Never>?
    /// The command cannot be run at all, so that trying again at once is of no use.
    private var isCommandUseless = false
    /// Why the process had to be ended.
    private var hanging: String?
    /// Where in the log that begins which was said since the service last served: earlier lines explain no failure of today.
    private var logMark: UInt64 = 0
    private var hasServed = true
    /// When an adopted process was started, ISO 8601.
    private var runningSince: String?
    private(set) var status: ServiceStatus
    /// Who else listens where this service should, in words.
    private(set) var stranger: String?
    private let guards: [PortGuard]
    /// Sockets of the present process.
    private var ownSockets: Set<UInt64> = []
    /// What was last said of it, by itself.
    private var said: (state: ServiceStatus.State, since: String?, detail: String?) = (.stopped, nil, nil)

    init(service: ServiceBlueprint, starter: ProcessStarter, recordFile: String, hooks: Hooks, logger: Logger) {
        self.service = service
        self.starter = starter
        self.recordFile = recordFile
        self.hooks = hooks
        self.logger = logger
        guards = service.listeners.map { PortGuard(address: $0.address, port: $0.port, user: geteuid()) }
        let listener = service.listeners.first
        status = ServiceStatus(
            name: service.statusName, state: .stopped, address: listener.map { "\($0.address):\($0.port)" } ?? "",
            since: Date().iso8601)
    }

    /// Runs until the service is stopped, or until the task is cancelled, which leaves the process running.
    func run() async {
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
        // Of a cancelled supervisor the process goes on, and so does what was said of it.
        if !isWanted { await set(.stopped) }
    }

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
            await set(.failed, since: runningSince, detail: refusal)
        } else if isServing {
            await hooks.joinRotation()
            isSettled = true
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
        if let stopping {
            await stopping.value
        } else if isWanted {
            await process.sweepOrphans(signal: service.stop.signal, bound: Self.orphanBound)
        }
        isCommandUseless = service.name == .app && !hasServed && FailureCause.isCommandUseless(ending)
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
        let log = logTail(5)
        await set(.failed, detail: (["\(reason)\(why.map { ": \($0)" } ?? "")"] + log).joined(separator: "\n"))
    }

    private func endIfItHangs(_ process: RunningProcess) async {
        guard let reason = await LivenessWatch(process: process, question: question).run() else { return }
        hanging = reason
        logger.warning("\(status.name) hangs: \(reason); replacing it")
        // What is stopped hears no signal but this one.
        if process.identity.isFrozen { process.identity.kill() } else { await end(process) }
    }

    /// What is asked of a service that serves. An app may be busy for as long as a request may take.
    private var question: LivenessWatch.Question? {
        guard case .http = service.readiness else { return nil }
        let isApp = service.name == .app
        let bound = Self.silenceBound(
            of: service.name, requestTimeoutSeconds: starter.applied.stack.app.requestTimeoutSeconds)
        return LivenessWatch.Question(interval: isApp ? .seconds(5) : .seconds(1), silenceBound: bound) {
            await self.isServing ? await self.hooks.isReady() : true
        }
    }

    /// How long a service that serves may leave questions unanswered.
    static func silenceBound(of service: ServiceName, requestTimeoutSeconds: Int) -> Duration {
        service == .app ? max(appSilence, .seconds(requestTimeoutSeconds)) : silence
    }

    /// What is being stopped need not answer any more, however long it may take.
    private var isServing: Bool { status.state == .running && stopping == nil }
    /// A busy machine was seen to keep a probe waiting for 2 s.
    private static let silence = Duration.seconds(8)
    private static let appSilence = Duration.seconds(30)
    /// How often `status` is told why a service is not ready yet.
    private static let sayingInterval = Duration.seconds(2)
    /// What the workers of a server that died get to finish what they carry.
    private static let orphanBound = Duration.seconds(1)

    /// Ends the process and keeps it ended.
    func stop() async {
        isWanted = false
        if let process {
            await end(process)
            if !process.hasEnded || !process.members.isEmpty { await process.sweep() }
        }
        process = nil
        unlink(recordFile)
        await set(.stopped)
    }

    /// Ends the process, and has it started again with the same settings. Returns once it has ended.
    /// - Throws: when its files are refused; then it goes on.
    func restart() async throws {
        guard isWanted else { throw StateError("\(status.name) is being stopped") }
        try await check()
        isSettled = false
        isRestarting = true
        guard let process else {
            // It rests after it has failed. Whoever asks from now on is not to hear of that any more.
            if status.state == .failed { await set(.starting) }
            return
        }
        if isServing { await hooks.leaveRotation() }
        await end(process)
    }

    /// Ends the process and all that it has started. Whoever comes meanwhile waits for the same stop.
    private func end(_ process: RunningProcess) async {
        if let stopping { return await stopping.value }
        let stop = Task { [hooks] in await hooks.stop(process) }
        stopping = stop
        await stop.value
        stopping = nil
    }

    /// Looks who listens on the service's ports. Cheap, to be asked several times a second.
    /// - Parameter sockets: those of the machine, as they are now.
    /// - Returns: whether there is nobody else.
    @discardableResult
    func lookForStrangers(among sockets: ListeningSockets) async -> Bool {
        var known = ownSockets
        let running = process.flatMap { $0.hasEnded ? nil : $0.identity }
        var found: String?
        for place in guards where isWanted && found == nil {
            found = place.stranger(among: sockets, besides: running, known: &known)
        }
        ownSockets = known
        // One who has gone for a moment comes back in the next, while the port is free.
        if found == nil, isWanted, !isServed(among: sockets) { found = stranger }
        if found != stranger {
            stranger = found
            if let found { logger.warning("\(status.name): \(found)") }
            await publish()
        }
        return found == nil
    }

    private func isServed(among sockets: ListeningSockets) -> Bool { guards.allSatisfy { $0.isServed(among: sockets) } }

    /// Has a process that serves take up its files as they are now.
    /// - Returns: whether it has, or will when it is started. One that is just starting may have read them before.
    /// - Throws: when they are refused; then it goes on with its earlier ones.
    func reload() async throws -> Bool {
        guard let process, let signal = service.reloadSignal else { return true }
        guard isServing else { return false }
        try await check()
        try await process.reload(signal: signal, isReady: hooks.isReady)
        guard var record = ServiceRecord.load(recordFile), record.identity == process.identity else { return true }
        record.loaded = LoadedFiles(service: service.name, layout: starter.layout)
        try AtomicFile.write(record, to: recordFile)
        return true
    }

    private func launch(isFirst: Bool) async throws -> RunningProcess {
        let fingerprint = try fingerprint()
        if isFirst, let adopted = try await takeOver(fingerprint) { return adopted }
        isRestarting = false
        refusal = nil
        await set(.starting)
        try await hooks.prepare { [weak self] reason in await self?.waits(reason) }
        try checkIsWanted()
        try await check()
        // A stop that came meanwhile found no process to end: from here to `process` nothing may be awaited.
        try checkIsWanted()
        let loaded = LoadedFiles(service: service.name, layout: starter.layout)
        if hasServed { logMark = LogTail.end(of: starter.logFile(service)) }
        hasServed = false
        let started = try start { [restarts, service, recordFile] identity in
            let record = ServiceRecord(
                identity: identity, since: Date().iso8601, restarts: restarts, fingerprint: fingerprint,
                loaded: loaded, stop: service.stop)
            try AtomicFile.write(record, to: recordFile)
        }
        process = started
        ownSockets = []
        runningSince = nil
        logger.info("started \(status.name)", metadata: ["pid": "\(started.identity.pid)"])
        await set(.starting)
        return started
    }

    /// With a record: without one the next agent would start a second one beside it.
    private func start(_ record: (ProcessIdentity) throws -> Void) throws -> RunningProcess {
        do {
            return try RunningProcess.start(starter.specification(service), record: record)
        } catch {
            unlink(recordFile)
            throw error
        }
    }

    /// Takes over the process of an earlier agent, or ends what it has left.
    private func takeOver(_ fingerprint: String) async throws -> RunningProcess? {
        guard let record = ServiceRecord.load(recordFile) else { return nil }
        restarts = record.restarts
        guard let adopted = RunningProcess.adopt(record.identity) else {
            // Its leader is gone; what is left of its group may hold the port.
            await record.identity.sweepOrphans(signal: service.stop.signal, bound: Self.orphanBound)
            restarts += 1
            return nil
        }
        process = adopted
        runningSince = record.since
        let change = SettingsChange(
            service: service, record: record, fingerprint: fingerprint,
            files: LoadedFiles(service: service.name, layout: starter.layout), canRefresh: hooks.refresh != nil)
        if change.step == .nothing {
            logger.info("adopted \(status.name)", metadata: ["pid": "\(record.identity.pid)"])
            await set(.starting)
            return adopted
        }
        return try await takeUp(change, adopted)
    }

    /// Brings a process that serves with earlier settings up to date, when it is its turn.
    /// - Returns: nil when it was ended, to be started anew.
    private func takeUp(_ change: SettingsChange, _ adopted: RunningProcess) async throws -> RunningProcess? {
        await set(.running, since: change.record.since, detail: "goes on with earlier settings until it is its turn")
        await first(of: hooks.turn) { _ = await adopted.waitForEnd() }
        try checkIsWanted()
        do {
            try await check()
            switch change.step {
            case .restart:
                logger.info("stopping \(status.name), which runs with earlier settings")
                await hooks.leaveRotation()
                await end(adopted)
                process = nil
                return nil
            case .reload: try await adopted.reload(signal: service.reloadSignal ?? SIGHUP, isReady: hooks.isReady)
            case .refresh: try await hooks.refresh?(adopted)
            case .nothing: break
            }
            var record = change.record
            record.loaded = change.files
            try AtomicFile.write(record, to: recordFile)
            logger.info("\(status.name) has its new files", metadata: ["pid": "\(adopted.identity.pid)"])
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // What works goes on; the next change, or a restart, tries again.
            refusal = "it goes on with its earlier files: \(error)"
            logger.warning("\(status.name): \(error)")
        }
        await set(.starting)
        return adopted
    }

    private func checkIsWanted() throws {
        if !isWanted || Task.isCancelled { throw CancellationError() }
    }

    private func waits(_ reason: String) async {
        if isWanted { await set(.starting, detail: reason) }
    }

    /// What the process depends on: a change of it means a restart. Secrets count, but only as a hash.
    private func fingerprint() throws -> String {
        let specification = try starter.specification(service)
        let environment = specification.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return StableHash.hex64(
            (specification.command + environment + [specification.workingDirectory]).joined(separator: "\0"))
    }

    private func check() async throws {
        guard let command = service.check else { return }
        var specification = try starter.specification(service)
        specification.command = command
        specification.logFile = starter.checkLog(service)
        try await Command.run(specification, doing: "check the files of \(status.name)")
    }

    private func waitUntilReady(
        _ process: RunningProcess, until deadline: ContinuousClock.Instant
    ) async -> Bool {
        var saying = ContinuousClock.now + Self.sayingInterval
        while !process.hasEnded, !Task.isCancelled, isWanted, ContinuousClock.now < deadline {
            // Something else may answer on its port: only a process that lives can be ready.
            if await hooks.isReady(), !process.hasEnded {
                let sockets = ListeningSockets.now()
                if await lookForStrangers(among: sockets), isServed(among: sockets) { return isWanted }
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

    private func afterEnd(_ reason: String) async {
        let now = ContinuousClock.now
        let died = policy.died(at: Self.clockStart.duration(to: now))
        let decision = isCommandUseless ? .fail(retryAfter: RestartPolicy.rest) : died
        isCommandUseless = false
        let tail = logTail(40)
        let cause = FailureCause.find(
            in: tail.suffix(20) + [reason], folder: starter.layout.hostFolder, service: service)
        let reason = cause.map { "\(reason)\n\($0)" } ?? reason
        let log = LogTail.telling(tail, count: 5)
        logger.warning("\(status.name) ended: \(reason)")
        restarts += 1
        switch decision {
        case .restart(let delay):
            await set(.starting, detail: ([reason] + log).joined(separator: "\n"))
            try? await Task.sleep(for: delay)
        case .fail(let delay):
            await set(.failed, detail: ([reason] + log).joined(separator: "\n"))
            let until = now + delay
            while isWanted, !isRestarting, !Task.isCancelled, ContinuousClock.now < until {
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func logTail(_ count: Int) -> [String] {
        LogTail.lastLines(of: starter.logFile(service), count: count, after: logMark)
    }

    private static let clockStart = ContinuousClock.now

    private func set(
        _ state: ServiceStatus.State, since: String? = nil, detail: String? = nil
    ) async {
        said = (state, since, detail)
        await publish()
    }

    private func publish() async {
        var (state, since, detail) = said
        if let stranger, state != .stopped {
            if state == .running { state = .failed }
            detail = [stranger, detail].compactMap(\.self).joined(separator: "\n")
            since = nil
        }
        var next = status
        next.state = state
        next.pid = state == .stopped ? nil : process?.identity.pid
        next.restarts = restarts
        next.detail = detail
        if status.state != state { next.since = since ?? Date().iso8601 }
        guard next != status else { return }
        status = next
        await hooks.changed()
    }
}

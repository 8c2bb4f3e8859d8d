import Foundation
import Glibc
import Logging
import TandemBlueprint
import TandemCoordination
import TandemServices
import TandemStack
import TandemTopology

/// Runs the app's scheduled jobs on one host: those due times that this host claims before another one does.
///
/// A run goes on when its agent ends, and the next agent goes on with it.
actor JobRunner {
    struct Settings: Sendable {
        var jobs: [JobBlueprint]
        var host: String
        var stack: String
        /// The agent's records.
        var folder: String
        var starter: ProcessStarter
        var connections: StoreConnections
        var logger: Logger
        /// Returns once a job's process may start: the database takes writes, and the app is prepared.
        var whenReady: @Sendable (ServiceBlueprint) async throws -> Void
    }

    let settings: Settings
    private let logger: Logger
    var standings: [String: JobStanding] = [:]
    /// Jobs of which a run is under way here.
    var active: Set<String> = []
    private var processes: [String: RunningProcess] = [:]
    private(set) var isHalted = false
    /// Runs that were started by hand and claimed, and whose process is still to be started.
    var ordered: [JobRecord] = []
    let orders = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    /// How each job's last run by hand ended, which a timed run may follow at once.
    var endsByHand: [String: JobRun] = [:]
    /// Whether `carryOutOrders` has ended, so that no order is started any more.
    var isClosed = false
    /// When this agent began, in seconds since 1970.
    private let since = now

    init(_ settings: Settings) {
        self.settings = settings
        logger = settings.logger
    }

    static var now: Int { Int(Date().timeIntervalSince1970) }

    var statuses: [JobStatus] {
        settings.jobs.map { JobWords.status(of: $0, standings[$0.name], now: Self.now) }
    }

    var figures: [JobFigures] {
        settings.jobs.map { JobFigures($0.name, $0.schedule, standings[$0.name], since: since, now: Self.now) }
    }

    // MARK: - The loop

    /// Runs until the task is cancelled. Runs that are under way go on.
    func run() async {
        let records = JobRecord.all(in: settings.folder)
        guard !settings.jobs.isEmpty || !records.isEmpty else { return }
        for record in records { active.insert(record.job) }
        await withDiscardingTaskGroup { group in
            for record in records { group.addTask { await self.resume(record) } }
            group.addTask { await self.keepReading() }
            group.addTask { await self.carryOutOrders() }
            var clock = JobClock(settings.jobs.map { ($0.name, $0.schedule) }, now: Self.now)
            while !Task.isCancelled {
                let look = clock.look(at: Self.now)
                for missed in look.missed {
                    logger.warning("\(missed.name): missed what was due at \(JobWords.time(missed.time))")
                }
                for due in look.due { group.addTask { await self.conduct(due) } }
                try? await Task.sleep(for: .seconds(clock.secondsToSleep(at: Self.now)))
            }
        }
    }

    private static let readingInterval = Duration.seconds(10)
    private static let readingPause = Duration.seconds(1)

    /// What other hosts did is known here a little later.
    private func keepReading() async {
        while !Task.isCancelled {
            let isRead = await read()
            try? await Task.sleep(for: isRead ? Self.readingInterval : Self.readingPause)
        }
    }

    private func read() async -> Bool {
        guard let found = try? await store().standings(of: settings.jobs.map(\.name)) else { return false }
        // What is under way here is known better than an answer that may be older.
        standings.merge(found.filter { !active.contains($0.key) }) { _, new in new }
        return true
    }

    func store() async throws -> JobStore {
        JobStore(try await settings.connections.all(), stack: settings.stack)
    }

    // MARK: - One due time

    private func conduct(_ due: JobClock.Due) async {
        guard let job = settings.jobs.first(where: { $0.name == due.name }), !isHalted else { return }
        guard await isReady(job) else {
            logger.warning(
                "\(job.name): not run at \(JobWords.time(due.time)) by this host: what it needs was not there in time")
            return
        }
        guard !isHalted, !Task.isCancelled, let store = try? await store() else { return }
        let record = record(of: job, due: due.time)
        switch await claim(job, record, store) {
        case .won: await begin(job, record)
        case .taken: break
        case .skipped(let earlier):
            logger.warning("\(job.name) \(JobWords.skipping(due.time, earlier))")
            record.say(JobWords.skipping(due.time, earlier))
        case .unknown:
            logger.error(
                "\(job.name): not run at \(JobWords.time(due.time)) by this host: etcd did not answer whose turn it is")
        }
    }

    /// Between a run's latest end and the moment when another one may begin.
    private static let marginSeconds = 60

    /// Carried through when the agent ends just now: half a claim would keep the job from everybody for as long as it
    /// may run.
    func claim(_ job: JobBlueprint, _ record: JobRecord, _ store: JobStore) async -> JobStore.Claim {
        let bound = Duration.seconds(job.timeoutSeconds + job.service.stop.boundSeconds + Self.marginSeconds)
        return await Task { await store.claim(job.name, for: record.begun, bound: bound) }.value
    }

    /// - Parameter due: nil: it is started by hand.
    func record(of job: JobBlueprint, due: Int?) -> JobRecord {
        JobRecord(
            job: job.name,
            begun: JobRun(id: UUID().uuidString, host: settings.host, due: due, began: Self.now),
            timeoutSeconds: job.timeoutSeconds, stop: job.service.stop, logFile: settings.starter.logFile(job.service))
    }

    /// Within the time in which a due time is run at all.
    func isReady(_ job: JobBlueprint) async -> Bool {
        await withTaskGroup(of: Bool.self) { [settings] group in
            group.addTask { (try? await settings.whenReady(job.service)) != nil }
            group.addTask {
                try? await Task.sleep(for: .seconds(JobClock.graceSeconds))
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func begin(_ job: JobBlueprint, _ record: JobRecord) async {
        guard !isHalted else { return await end(record, .stopped) }
        // Its hold in etcd has run out while it still ends here.
        guard active.insert(job.name).inserted else {
            record.say("was not started: an earlier run still ends on \(settings.host)")
            return await end(record, .notStarted("an earlier run still ends"), isActive: false)
        }
        standings[job.name] = JobStanding(last: record.begun, isRunning: true)
        await launch(job, record)
    }

    func launch(_ job: JobBlueprint, _ record: JobRecord) async {
        guard !isHalted else { return await end(record, .stopped) }
        do {
            unlink(recordFile(job.name))
            try record.save(in: settings.folder)
            record.say(JobWords.beginning(record.begun))
            let file = recordFile(job.name)
            let process = try await RunningProcess.launch(settings.starter.specification(job.service)) { identity in
                let service = ServiceRecord(
                    identity: identity, since: Date().iso8601, restarts: 0, fingerprint: "", stop: record.stop)
                try AtomicFile.write(service, to: file)
            }
            logger.info("started \(job.name)", metadata: ["pid": "\(process.identity.pid)"])
            await watch(process, record)
        } catch {
            await end(record, .notStarted("\(error)"))
        }
    }

    private func recordFile(_ job: String) -> String { "\(settings.folder)/\(job).json" }

    /// Goes on with what an earlier agent began.
    private func resume(_ record: JobRecord) async {
        if let ended = record.ended { return await report(record, ended) }
        standings[record.job] = JobStanding(last: record.begun, isRunning: true)
        let service = ServiceRecord.load(recordFile(record.job))
        if let service, let process = RunningProcess.adopt(service.identity) { return await watch(process, record) }
        await service?.identity.sweepOrphans(signal: record.stop.signal, bound: Self.orphanBound)
        var ended = record.begun
        ended.outcome = .unseen
        await report(record, ended)
    }

    /// What a job's process leaves behind when it ends gets this long to finish.
    private static let orphanBound = Duration.seconds(1)

    private func watch(_ process: RunningProcess, _ record: JobRecord) async {
        processes[record.job] = process
        // It may have been halted since this run was claimed.
        if isHalted { await stop(process, record.stop) }
        _ = await process.endsWithin(.seconds(record.secondsLeft(at: Self.now)))
        var isLate = false
        if !process.hasEnded {
            // The next agent goes on with it.
            if Task.isCancelled { return }
            isLate = !isHalted
            if isLate { record.say("did not end within \(record.timeoutSeconds) s (timeout) and is told to end") }
            await stop(process, record.stop)
        }
        let ending = await process.waitForEnd() ?? .unknown
        await process.sweepOrphans(signal: record.stop.signal, bound: Self.orphanBound)
        processes[record.job] = nil
        await end(record, isHalted ? .stopped : isLate ? .timedOut : JobRun.Outcome(ending))
    }

    private func stop(_ process: RunningProcess, _ stop: ServiceBlueprint.Stop) async {
        await process.stop(signal: stop.signal, bound: .seconds(stop.boundSeconds))
    }

    // MARK: - Its end

    func end(_ record: JobRecord, _ outcome: JobRun.Outcome, isActive: Bool = true) async {
        var ended = record.begun
        ended.ended = Self.now
        ended.outcome = outcome
        if isActive {
            await report(record, ended)
        } else {
            await tell(record, ended)
        }
    }

    private func report(_ record: JobRecord, _ ended: JobRun) async {
        var record = record
        if record.ended == nil {
            record.say("\(JobWords.ending(ended))\(Self.after(ended))")
            logger.info("\(record.job) \(JobWords.ending(ended))")
        }
        record.ended = ended
        do {
            try record.save(in: settings.folder)
        } catch {
            logger.error("\(record.job): \(error)")
        }
        unlink(recordFile(record.job))
        if await tell(record, ended) {
            record.remove(from: settings.folder)
            active.remove(record.job)
        }
    }

    private static func after(_ run: JobRun) -> String { run.ended.map { " after \(max(0, $0 - run.began)) s" } ?? "" }

    private static let tellingPause = Duration.seconds(1)

    /// - Returns: false where the agent ends before etcd has heard of it; the next one goes on.
    @discardableResult
    private func tell(_ record: JobRecord, _ ended: JobRun) async -> Bool {
        if ended.due == nil { endsByHand[record.job] = ended }
        standings[record.job] = JobStanding(last: ended, isRunning: false)
        let deadline = ContinuousClock.now + .seconds(record.timeoutSeconds + 3600)
        while !Task.isCancelled {
            if let store = try? await store(), await store.finish(record.job, ended, begun: record.begun) {
                return true
            }
            // By now its hold in etcd has run out.
            if ContinuousClock.now > deadline { return true }
            try? await Task.sleep(for: Self.tellingPause)
        }
        return false
    }

    private static let haltingBound = Duration.seconds(5)

    /// Ends what runs, and lets nothing more begin; returns once etcd knows, or soon after where it does not answer.
    func halt() async {
        isHalted = true
        let records = JobRecord.all(in: settings.folder)
        await withDiscardingTaskGroup { group in
            for (job, process) in processes {
                guard let record = records.first(where: { $0.job == job }) else { continue }
                group.addTask { await self.stop(process, record.stop) }
            }
        }
        let deadline = ContinuousClock.now + Self.haltingBound
        while !active.isEmpty, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(50)) }
    }
}

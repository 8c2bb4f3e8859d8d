import Foundation
import Glibc
import Logging
import TandemBlueprint
import TandemServices
import TandemTopology

/// Keeps one service running: starts or adopts it, waits until it can serve, starts it again when it ends.
actor ServiceSupervisor {
    /// What differs between services.
    struct Hooks: Sendable {
        /// Before each start: what it needs first. Reports what it waits for.
        var prepare: @Sendable (_ waitsFor: @Sendable (String) async -> Void) async throws -> Void
        /// Whether it can serve now.
        var isReady: @Sendable () async -> Bool
        /// Ends the process. The supervisor sweeps what is left of its group afterwards.
        var stop: @Sendable (RunningProcess) async -> Void
        var changed: @Sendable () async -> Void
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
    private(set) var status: ServiceStatus
    /// When an adopted process was started; nil for one that we started.
    private var adoptedSince: String?

    init(service: ServiceBlueprint, starter: ProcessStarter, recordFile: String, hooks: Hooks, logger: Logger) {
        self.service = service
        self.starter = starter
        self.recordFile = recordFile
        self.hooks = hooks
        self.logger = logger
        let listener = service.listeners.first
        status = ServiceStatus(
            name: service.statusName, state: .stopped, address: listener.map { "\($0.address):\($0.port)" } ?? "",
            since: Date().iso8601)
    }

    var pid: Int32? { process?.identity.pid }

    /// Runs until the service is stopped, or until the task is cancelled, which leaves the process running.
    func run() async {
        var isFirst = true
        while isWanted, !Task.isCancelled {
            do {
                let process = try await launch(isFirst: isFirst)
                isFirst = false
                self.process = process
                let isServing = await waitUntilReady(process)
                if Task.isCancelled { return }
                if isServing { await set(.running) }
                guard let ending = await process.waitForEnd() else { return }
                self.process = nil
                process.signalGroup(SIGKILL)
                guard isWanted else { break }
                await afterEnd("it \(ending)")
            } catch is CancellationError {
                return
            } catch {
                isFirst = false
                self.process = nil
                guard isWanted else { break }
                await afterEnd("\(error)")
            }
        }
        await set(.stopped)
    }

    /// Ends the process and keeps it ended.
    func stop() async {
        isWanted = false
        if let process {
            await hooks.stop(process)
            if !process.hasEnded || !process.groupMembers.isEmpty { process.signalGroup(SIGKILL) }
            _ = await process.endsWithin(.seconds(5))
        }
        process = nil
        unlink(recordFile)
        await set(.stopped)
    }

    private func launch(isFirst: Bool) async throws -> RunningProcess {
        let fingerprint = try fingerprint()
        if isFirst, let record = ServiceRecord.load(recordFile), let adopted = RunningProcess.adopt(record.identity) {
            restarts = record.restarts
            if record.fingerprint == fingerprint {
                logger.info("adopted \(status.name)", metadata: ["pid": "\(record.identity.pid)"])
                adoptedSince = record.since
                await set(.starting, pid: record.identity.pid)
                return adopted
            }
            await hooks.stop(adopted)
        }
        adoptedSince = nil
        await set(.starting)
        try await hooks.prepare { [weak self] reason in await self?.set(.starting, detail: reason) }
        guard isWanted else { throw CancellationError() }
        try await check()
        let started = try RunningProcess.start(starter.specification(service))
        let record = ServiceRecord(
            identity: started.identity, since: Date().iso8601, restarts: restarts, fingerprint: fingerprint)
        try AtomicFile.write(record, to: recordFile)
        logger.info("started \(status.name)", metadata: ["pid": "\(started.identity.pid)"])
        await set(.starting, pid: started.identity.pid)
        return started
    }

    /// What the process depends on: a change of it means a restart. Secrets count, but only as a hash.
    private func fingerprint() throws -> String {
        let specification = try starter.specification(service)
        let environment = specification.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return StableHash.hex(
            (specification.command + environment + [specification.workingDirectory]).joined(separator: "\0"))
    }

    private func check() async throws {
        guard let command = service.check else { return }
        var specification = try starter.specification(service)
        specification.command = command
        specification.logFile = starter.checkLog(service)
        try await Command.run(specification, doing: "check the files of \(status.name)")
    }

    private func waitUntilReady(_ process: RunningProcess) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(service.startTimeoutSeconds)
        while !process.hasEnded, !Task.isCancelled, isWanted {
            if await hooks.isReady() { return true }
            if ContinuousClock.now > deadline {
                logger.warning("\(status.name) was not ready within \(service.startTimeoutSeconds) s")
                await set(
                    .starting, pid: process.identity.pid,
                    detail: "not ready within \(service.startTimeoutSeconds) s: starting it again")
                await hooks.stop(process)
                return false
            }
            try? await Task.sleep(for: .milliseconds(40))
        }
        return false
    }

    private func afterEnd(_ reason: String) async {
        let now = ContinuousClock.now
        let decision = policy.died(at: Self.clockStart.duration(to: now))
        let log = LogTail.lastLines(of: starter.logFile(service), count: 5)
        logger.warning("\(status.name) ended: \(reason)")
        restarts += 1
        switch decision {
        case .restart(let delay):
            await set(.starting, detail: ([reason] + log).joined(separator: "\n"))
            try? await Task.sleep(for: delay)
        case .fail(let delay):
            await set(.failed, detail: ([reason] + log).joined(separator: "\n"))
            let until = now + delay
            while isWanted, !Task.isCancelled, ContinuousClock.now < until {
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private static let clockStart = ContinuousClock.now

    private func set(_ state: ServiceStatus.State, pid: Int32? = nil, detail: String? = nil) async {
        let pid = pid ?? process?.identity.pid
        var next = status
        next.state = state
        next.pid = state == .stopped ? nil : pid
        next.restarts = restarts
        next.detail = detail
        if status.state != state { next.since = adoptedSince ?? Date().iso8601 }
        guard next != status else { return }
        status = next
        await hooks.changed()
    }
}

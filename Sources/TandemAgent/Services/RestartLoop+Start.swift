import Logging
import TandemBlueprint
import TandemServices
import TandemTopology

/// How a service comes to run: by being started, or taken over from an earlier agent.
extension RestartLoop {
    func launch(isFirst: Bool) async throws -> RunningProcess {
        let fingerprint = try own.fingerprint()
        if isFirst, let adopted = try await takeOver(fingerprint) { return adopted }
        isRestarting = false
        refusal = nil
        await set(.starting)
        repeat {
            try await hooks.prepare { [weak self] reason in await self?.waits(reason) }
            try checkIsWanted()
            try await waitForRight()
            try await own.check()
            // A stop that came meanwhile found no process to end: from here to `launching` nothing may be awaited.
            try checkIsWanted()
        } while !mayRun
        if hasServed { logMark = own.logEnd }
        hasServed = false
        // Carried through when the agent ends, so that there is no process without a record.
        let launching = Task { [own, restarts] in try await own.start(fingerprint: fingerprint, restarts: restarts) }
        self.launching = launching
        defer { self.launching = nil }
        let started = try await launching.value
        process = started
        startedAt = .now
        strangers.begin()
        runningSince = nil
        logger.info("started \(status.name)", metadata: ["pid": "\(started.identity.pid)"])
        await set(.starting)
        return started
    }

    /// Takes over the process of an earlier agent, or ends what it has left.
    private func takeOver(_ fingerprint: String) async throws -> RunningProcess? {
        guard let record = own.record else { return nil }
        restarts = record.restarts
        guard let adopted = await own.adopt(record) else {
            restarts += 1
            return nil
        }
        if let right = hooks.right, !right.isInherited {
            logger.info("stopping \(status.name), which was started when every host ran it")
            await hooks.stop(adopted)
            return nil
        }
        process = adopted
        startedAt = nil
        runningSince = record.since
        let change = SettingsChange(
            service: service, record: record, fingerprint: fingerprint, files: own.files)
        if change.step == .nothing {
            logger.info("adopted \(status.name)", metadata: ["pid": "\(record.identity.pid)"])
        } else if try await !takeUp(change, adopted) {
            return nil
        }
        await set(.starting)
        return adopted
    }

    /// Brings a process that serves with earlier settings up to date, when it is its turn.
    /// - Returns: whether it goes on; if not, it was ended, to be started anew.
    private func takeUp(_ change: SettingsChange, _ adopted: RunningProcess) async throws -> Bool {
        await set(
            .running, since: change.record.since,
            detail: "still runs with the previous settings; other services change first")
        await first(of: hooks.turn) { _ = await adopted.waitForEnd() }
        try checkIsWanted()
        let takeUp = SettingsTakeUp(
            process: own, change: change, isReady: hooks.isReady, leaveRotation: hooks.leaveRotation,
            refresh: hooks.refresh, logger: logger)
        switch try await takeUp.run(adopted) {
        case .done: break
        case .refused(let reason): refusal = reason
        case .restart:
            await hooks.leaveRotation()
            await end(adopted)
            process = nil
            return false
        }
        return true
    }

    private func checkIsWanted() throws {
        if !isWanted || Task.isCancelled { throw CancellationError() }
    }

    func waits(_ reason: String) async {
        if isWanted { await set(.starting, detail: reason) }
    }
}

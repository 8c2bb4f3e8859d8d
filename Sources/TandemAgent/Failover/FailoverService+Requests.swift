import Glibc
import Logging
import MySQLConnector
import TandemBlueprint
import TandemFailover
import TandemFailoverDriver
import TandemReplication
import TandemServices
import TandemStack
import TandemTopology

/// What the agent is asked to do with its database server.
extension FailoverService {
    /// The failover gives up asking others to take over after 15 s, and a server may take a minute to end.
    private static let restartBound = Duration.seconds(90)
    /// The keeper waits for 30 s for a database to stop. SIGKILL loses no acknowledged write.
    private static let stopBound = Duration.seconds(25)

    func stop() async {
        isWanted = false
        await seat.setHeld(true)
        if await !isStopped(within: Self.stopBound), let identity = own.record?.identity, identity.isAlive {
            logger.warning("\(service.statusName) did not stop within \(Self.stopBound): it gets SIGKILL")
            await identity.sweep()
        }
        own.forget()
        statement.say(.stopped, since: nil, detail: nil)
        await publish()
    }

    func restart() async throws {
        guard isWanted else { throw StateError("\(service.statusName) is being stopped") }
        try await own.check()
        statement.isSettled = false
        await publish()
        await letReadersFinish()
        defer { isAboutToStop = false }
        let starts = startCount.now
        await seat.setHeld(true)
        let hasStopped = await isStopped(within: Self.restartBound)
        await seat.setHeld(false)
        guard hasStopped || startCount.now != starts else {
            throw StateError("\(service.statusName) did not stop within \(Self.restartBound)")
        }
    }

    /// Gives this host a new copy of the primary's data, whatever is in its own. Returns when the copy is in place and
    /// the server may start.
    /// - Throws: where it leads, or where it cannot be copied; then it goes on with what it has.
    func rebuild() async throws {
        guard isWanted, rebuilding == nil else { throw StateError("\(service.statusName) is being stopped") }
        guard let leader = await seat.leader else {
            throw StateError(
                "\(environment.host.name) is the primary, or nobody knows who is; hand over first: tandem switchover")
        }
        await letReadersFinish()
        rebuilding = "copying the data of \(leader) anew"
        await seat.setHeld(true)
        let result: Result<Void, any Error>
        do {
            guard await isStopped(within: Self.restartBound) else {
                throw StateError("\(service.statusName) did not stop within \(Self.restartBound)")
            }
            await say()
            try await seat.copyFromPrimary()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        rebuilding = nil
        isAboutToStop = false
        await seat.setHeld(false)
        await say()
        try result.get()
    }

    private func isStopped(within bound: Duration) async -> Bool {
        let deadline = ContinuousClock.now + bound
        while ContinuousClock.now < deadline, !Task.isCancelled {
            if await seat.report?.isStopped == true { return true }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// Before a replica stops that others go on without: new sessions go elsewhere, and those that are here finish what
    /// they do, within a bound.
    private func letReadersFinish() async {
        guard await seat.report?.role != .primary, await seat.report?.takesReads == true else { return }
        isAboutToStop = true
        await say()
        try? await environment.withConnection(queryTimeout: .seconds(2)) {
            try await DatabaseSessions(connection: $0).finish()
        }
    }

    func reload() async throws -> Bool { true }

    @discardableResult
    func lookForStrangers(among sockets: ListeningSockets) async -> Bool {
        let running = own.record.flatMap { $0.identity.isAlive ? $0.identity : nil }
        if strangers.look(among: sockets, besides: running, isWanted: isWanted) {
            if let stranger = strangers.stranger { logger.warning("\(service.statusName): \(stranger)") }
            await publish()
        }
        return strangers.stranger == nil
    }

    // MARK: - Settings

    /// Brings a server that an earlier agent started up to date, when it is its turn.
    func takeUpSettings() async {
        let starts = startCount.now
        while await seat.report == nil, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(50)) }
        guard startCount.now == starts, let record = own.record, record.identity.isAlive,
            let running = RunningProcess.adopt(record.identity)
        else {
            isUpToDate = true
            return
        }
        do {
            let change = SettingsChange(
                service: service, record: record, fingerprint: try own.fingerprint(), files: own.files)
            if change.step != .nothing {
                await reports.waitForTurn(of: service)
                try Task.checkCancellation()
                let takeUp = SettingsTakeUp(
                    process: own, change: change, isReady: { true }, leaveRotation: {},
                    refresh: { [environment] _ in try await environment.reloadCertificates() }, logger: logger)
                switch try await takeUp.run(running) {
                case .done: break
                case .refused(let reason): refusal = reason
                case .restart: try await restart()
                }
            }
            isUpToDate = true
        } catch is CancellationError {
            return
        } catch {
            refusal = "it goes on with its earlier settings: \(error)"
            logger.warning("\(service.statusName): \(error)")
        }
    }
}

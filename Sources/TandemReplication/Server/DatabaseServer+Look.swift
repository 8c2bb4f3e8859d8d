import Logging
import MySQLConnector
import TandemFailover

extension DatabaseServer {
    /// What one SELECT shows. It never throws, and ends within a bound.
    public func look() async -> ServerLook {
        let row: LookRow
        do {
            row = try await readRow()
        } catch {
            let answer = Self.answer(error)
            // Of 1040 it is clear what it means.
            if answer == .crowded, (error as? MySQLError)?.serverErrorNumber != 1040,
                failedLooks.tells("\(error)", at: .now)
            {
                logger.notice("a look at the server failed: \(error)")
            }
            return ServerLook(answer: answer)
        }
        await keepOpen()
        if !row.waitsWithoutEnd { await waitWithoutEnd() }
        var look = ServerLook(answer: .up)
        look.access = row.access
        look.isSourceSideOn = row.isSourceSideOn
        look.isReplicaSideOn = row.isReplicaSideOn
        look.receiver = receiver(row)
        // MySQL says so from the receiver's start on, also while it is connecting.
        look.receiverAcknowledges = row.acknowledges && look.receiver == .connected
        look.isApplierOn = row.applierState == "ON"
        look.hasAppliedAll = row.hasAppliedAll
        look.isDurable = row.isDurable
        look.hasWaitingCommits = row.waits
        look.admitted = admitted(row.admitted)
        look.isPrepared = row.isPrepared
        look.receivedCount = count(row.arrivals)
        look.source = source(row)
        // A server that leads has no use for what its former source answers, and a source that changes its role may
        // take half a second to.
        if !look.access.allowsCommits { await ask(row, look.source) }
        look.sourceAnswers = distance.hasSample(since: lookBegan)
        let executed = try? numbering.set(row.executed)
        look.isCloseBehind = look.receiver == .connected && isClose(row, executed)
        let isWritten = commits.isWritten(count: executed?.count, at: lookBegan)
        let isSettled = look.access.allowsCommits || look.isCloseBehind
        look.isInUse = row.hasClientsAtWork || isWritten || !isSettled
        return look
    }

    /// A connection that broke says nothing of a server that was started anew.
    private func readRow() async throws -> LookRow {
        lookBegan = .now
        let connection = try await looks.open()
        do {
            return try await LookRow.read(connection)
        } catch  where !connection.isUsable && ContinuousClock.now - lookBegan < settings.bounds.look / 2 {
            return try await LookRow.read(try await looks.open())
        }
    }

    static func answer(_ error: any Error) -> ServerLook.Answer {
        guard let error = error as? MySQLError, let number = error.serverErrorNumber else { return .silent }
        switch number {
        case 2002, 2003: return .absent
        case 2000...2999: return .silent
        default: return .crowded
        }
    }

    private func receiver(_ row: LookRow) -> ServerObservation.Receiver {
        switch row.receiverState {
        case "ON": return .connected
        case "CONNECTING": return .connecting
        default: return row.isRefused && row.receiverErrorAt != settledRefusal ? .refused : .off
        }
    }

    /// Of a source that no host of this stack is: one's own host, which is never right to follow, so that it is
    /// replaced.
    private func source(_ row: LookRow) -> HostID? {
        guard let address = row.sourceAddress, !address.isEmpty else { return nil }
        let place = DatabaseServerSettings.Address(address: address, port: row.sourcePort)
        return settings.servers.first { $0.value == place }?.key ?? settings.host
    }

    /// Where any other account may replicate too, all bits are set: that is never what is wanted, so it is put right.
    private func admitted(_ users: String) -> HostSet {
        var hosts = HostSet()
        var others = Set(users.split(separator: ",").map(String.init))
        for host in settings.dataHosts where others.remove(settings.replicationUser(host)) != nil { hosts.insert(host) }
        return others.isEmpty ? hosts : HostSet(bits: .max)
    }

    private func count(_ arrivals: String) -> UInt64 {
        if let last = self.arrivals, last != arrivals { receivedCount += 1 }
        self.arrivals = arrivals
        return receivedCount
    }

    /// Samples are few: one a look, for as long as they may prove something.
    private func ask(_ row: LookRow, _ source: HostID?) async {
        let address = source.flatMap { $0 == settings.host ? nil : settings.servers[$0] }
        if probe?.address != address {
            await probe?.close()
            probe = address.map { SourceProbe(settings, $0, logger: logger) }
            distance = SourceDistance()
        }
        guard let probe, let text = await probe.executed(within: settings.bounds.source),
            let executed = try? numbering.set(text)
        else { return }
        distance.add(executed, at: .now)
    }

    private func isClose(_ row: LookRow, _ executed: GTIDSet?) -> Bool {
        guard let executed, let received = try? numbering.set(row.received) else { return false }
        return distance.isClose(executed: executed, received: received, at: .now, bounds: settings.bounds)
    }
}

extension LookRow {
    /// Where `read_only` alone is on, administrators may write, and nobody else.
    var access: ServerObservation.Access {
        switch (isOffline, isSuperReadOnly) {
        case (true, true): .closed
        case (false, true): .reading
        case (true, false): .guarded
        case (false, false): isReadOnly ? .guarded : .writing
        }
    }
}

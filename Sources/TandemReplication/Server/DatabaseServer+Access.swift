import MySQLConnector
import TandemFailover

extension DatabaseServer {
    /// Each step in the order in which no client gets to do more than it may before or afterwards.
    func setAccess(_ access: ServerObservation.Access) async throws {
        switch access {
        case .closed: try await close(try await closingConnection())
        case .reading:
            let connection = try await commandConnection()
            try await makeReadOnly(connection)
            try await set("offline_mode", false, on: connection)
        case .guarded:
            let connection = try await commandConnection()
            try await set("offline_mode", true, on: connection)
            // super_read_only = OFF alone would leave read_only on.
            try await set("read_only", false, on: connection)
        case .writing:
            let connection = try await commandConnection()
            // Clients wait for this. MySQL sets one after the other, and where it stops at the second, the server is
            // guarded.
            try await execute("SET GLOBAL read_only = OFF, GLOBAL offline_mode = OFF", on: connection)
        }
    }

    /// A server that lets nobody in any more is closed over the connection that looks at it.
    private func closingConnection() async throws -> MySQLConnection {
        do {
            return try await commandConnection()
        } catch {
            guard let connection = await looks.give() else { throw error }
            try await connection.execute("SET SESSION lock_wait_timeout = 2")
            await commands.take(connection)
            return connection
        }
    }

    /// Writes end first, where none of them is stuck: what is on its way is committed, and what comes after it is
    /// refused, so that nobody is cut off who would have to wonder whether his write took place.
    private func close(_ connection: MySQLConnection) async throws {
        guard try await settleWrites(connection) else {
            try await set("offline_mode", true, on: connection)
            return try await makeReadOnly(connection)
        }
        try await execute("SET SESSION lock_wait_timeout = 2, GLOBAL offline_mode = ON", on: connection)
    }

    /// False where a commit has waited for its acknowledgement for two seconds, or a statement goes on for one more:
    /// those who are not to read here any longer are cut off then without it.
    private func settleWrites(_ connection: MySQLConnection) async throws -> Bool {
        let isStuck = try await AgentSessions.list(connection).contains {
            $0.waitsForAcknowledgement && $0.seconds >= 2
        }
        guard !isStuck else { return false }
        do {
            try await execute("SET SESSION lock_wait_timeout = 1, GLOBAL super_read_only = ON", on: connection)
            return true
        } catch let error as MySQLError where error.serverErrorNumber == 1205 {
            return false
        }
    }

    /// `super_read_only` hangs behind a commit that waits, and behind the statements of clients that were just cut off.
    /// Fails after two seconds where a commit waits, else after three.
    private func makeReadOnly(_ connection: MySQLConnection) async throws {
        let start = ContinuousClock.now
        try await execute("SET SESSION lock_wait_timeout = 1", on: connection)
        while true {
            do {
                try await set("super_read_only", true, on: connection)
                try await execute("SET SESSION lock_wait_timeout = 2", on: connection)
                return
            } catch let error as MySQLError where error.serverErrorNumber == 1205 {
                let elapsed = ContinuousClock.now - start
                let isWaiting = try await AgentSessions.list(connection).contains(where: \.waitsForAcknowledgement)
                guard elapsed < .seconds(isWaiting ? 2 : 3) else { throw error }
            }
        }
    }

    /// Clients that go on for longer are cut off.
    private static let finishingTime = Duration.milliseconds(300)

    /// From one look for clients at work to the next.
    private static let lookPause = Duration.milliseconds(5)

    /// Returns when no client's statement, transaction or login is on its way any more, or after a bound. A session
    /// that idles counts for nothing: it may be one of a pool, and never end.
    /// - Returns: whether all have finished.
    @discardableResult
    public func letClientsFinish() async throws -> Bool {
        let connection = try await commandConnection()
        let deadline = ContinuousClock.now + Self.finishingTime
        var wasQuiet = false
        while ContinuousClock.now < deadline {
            let isQuiet = await ClientSessions.areSilent(on: connection)
            // Twice in a row: a client has a moment between its login and its statement.
            guard isQuiet, wasQuiet else {
                wasQuiet = isQuiet
                try await Task.sleep(for: Self.lookPause)
                continue
            }
            if await ClientSessions.areOutOfTransactions(on: connection) { return true }
            guard ContinuousClock.now + ClientSessions.transactionLookPause < deadline else { return false }
            try await Task.sleep(for: ClientSessions.transactionLookPause)
        }
        return false
    }

    /// Closes another host's server, whose agent is gone.
    func closeRemotely(_ host: HostID) async throws {
        guard let address = settings.servers[host] else {
            throw DatabaseServerError("host \(settings.names.name(host) ?? "\(host.index)") has no database server")
        }
        var configuration = MySQLConfiguration(
            address: .tcp(host: address.address, port: address.port), username: DatabaseUser.closer,
            password: settings.closerPassword, tls: .require(caFile: settings.caFile))
        configuration.connectTimeout = .seconds(1)
        configuration.queryTimeout = .seconds(3)
        let connection = try await MySQLConnection.connect(configuration, logger: logger)
        do {
            try await Self.fence(connection)
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Closes a server to ordinary clients and to writes.
    ///
    /// When this returns no commit is in flight there, so it may be stopped with SIGTERM. When it throws, a commit may
    /// still wait for its acknowledgement: then only SIGKILL is safe, since an orderly shutdown would acknowledge it.
    private static func fence(_ connection: MySQLConnection) async throws {
        // super_read_only waits behind a commit that waits; without this bound it would wait with it.
        try await connection.execute("SET SESSION lock_wait_timeout = 2")
        try await connection.execute("SET GLOBAL offline_mode = ON")
        try await connection.execute("SET GLOBAL super_read_only = ON")
    }

    /// Ends the connections over which others follow, and returns once they have ended, or after half a second. They
    /// come back after a second.
    ///
    /// A server that is told to stop while it has one waits up to 10 s for all its other sessions first (measured with
    /// 9.7), and also for one that was killed a moment ago.
    public func disconnectReplicas() async throws {
        let connection = try await working(commands)
        for _ in 0..<25 {
            let dumps = try await AgentSessions.list(connection).filter { $0.command.hasPrefix("Binlog Dump") }
            guard !dumps.isEmpty else { return }
            for session in dumps { try await AgentSessions.kill(session.id, on: connection) }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

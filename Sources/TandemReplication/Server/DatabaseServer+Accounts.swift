import MySQLConnector
import TandemFailover

extension DatabaseServer {
    /// Each statement is safe to repeat, so that one that was interrupted begins again.
    func prepareDatabase() async throws {
        let connection = try await commandConnection()
        for statement in settings.preparation { try await execute(statement, on: connection) }
        for session in [looks, commands, beats] { await session.closeIfRoot() }
    }

    /// The accounts of hosts that came with new settings. On a primary that is open, and in a pair it waits as any
    /// write does; so it has a connection of its own.
    public func addAccounts() async throws {
        let own = ServerSession(settings, bound: .seconds(60), setUp: [], logger: logger)
        do {
            let connection = try await own.open()
            for host in settings.dataHosts {
                let user = SQLText.literal(settings.replicationUser(host))
                let isThere = "SELECT COUNT(*) FROM mysql.user WHERE user = \(user) AND host = '%'"
                if try await connection.first(isThere, as: Int.self) == 1 { continue }
                for statement in settings.replicationStatements(host) { try await connection.execute(statement) }
            }
            await own.close()
        } catch {
            await own.close()
            throw error
        }
    }

    /// Locks before it ends sessions, so that whoever is ended does not come back. Not binlogged: each server has its
    /// own.
    func admit(_ hosts: HostSet) async throws {
        let connection = try await commandConnection()
        guard try await connection.first("SELECT @@GLOBAL.super_read_only", as: Int.self) == 0 else {
            throw DatabaseServerError("accounts are changed by writing, and this server is closed to that")
        }
        let wanted = Set(settings.dataHosts.filter(hosts.contains).map(settings.replicationUser))
        let rows = try await connection.execute(
            """
            SELECT user, host, account_locked = 'Y' AS is_locked FROM mysql.user \
            WHERE user LIKE '\(ReplicationAccount.pattern)'
            """)
        var locked: [String] = []
        try await execute("SET SESSION sql_log_bin = OFF", on: connection)
        do {
            for row in rows {
                let user = try row.decode("user", as: String.self)
                let isLocked = try row.decode("is_locked", as: Int.self) == 1
                if !wanted.contains(user) { locked.append(user) }
                guard isLocked == wanted.contains(user) else { continue }
                let account = "\(SQLText.literal(user))@\(SQLText.literal(try row.decode("host", as: String.self)))"
                try await execute("ALTER USER \(account) ACCOUNT \(isLocked ? "UNLOCK" : "LOCK")", on: connection)
            }
            try await execute("SET SESSION sql_log_bin = ON", on: connection)
        } catch {
            // What else it does is to be logged.
            await connection.close()
            throw error
        }
        guard !locked.isEmpty else { return }
        // Looked for anew each time: one that was logging in when its account was locked shows late.
        try await awaitNone({ locked.contains($0.user) && $0.canStillAct }, on: connection) {
            for session in try await AgentSessions.list(connection) where locked.contains(session.user) {
                try await AgentSessions.kill(session.id, on: connection)
            }
        }
    }

    /// A statement that an earlier agent sent and that still runs, or waits in its connection to be read, may take
    /// effect now.
    func killSessions() async throws {
        let connection = try await commandConnection()
        var own: [UInt64] = []
        for session in [looks, commands, beats] {
            if let id = await session.id { own.append(id) }
        }
        let earlier = try await AgentSessions.others(than: own, on: connection)
        guard !earlier.isEmpty else { return }
        for id in earlier { try await AgentSessions.kill(id, on: connection) }
        // Done when each is gone, or killed and in a commit.
        try await awaitNone({ earlier.contains($0.id) && $0.canStillAct }, on: connection) {}
    }

    /// Does something again and again until there are no such sessions.
    private func awaitNone(
        _ isMeant: (AgentSessions.Session) -> Bool, on connection: MySQLConnection, _ act: () async throws -> Void
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(4)
        while true {
            try await act()
            let left = try await AgentSessions.list(connection).filter(isMeant).map(\.id)
            if left.isEmpty { return }
            guard ContinuousClock.now < deadline else {
                throw DatabaseServerError("sessions \(left) were killed and still go on")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

import MySQLConnector
import TandemFailover

extension DatabaseServer {
    /// Runs one statement of a command.
    func execute(_ sql: String) async throws {
        try await execute(sql, on: try await commandConnection())
    }

    /// Runs one statement. When it throws, the statement can take effect no more.
    func execute(_ sql: String, on connection: MySQLConnection) async throws {
        do {
            try await connection.execute(sql)
            provenCommands = (connection, .now)
        } catch {
            // What the server itself refused has ended.
            if let number = (error as? MySQLError)?.serverErrorNumber, number < 2000 { throw error }
            await connection.close()
            try await awaitEnd(of: connection.connectionID)
            throw error
        }
    }

    func set(_ variable: String, _ isOn: Bool) async throws {
        try await set(variable, isOn, on: try await commandConnection())
    }

    /// One variable in one statement: of several, MySQL may have set some when it fails.
    func set(_ variable: String, _ isOn: Bool, on connection: MySQLConnection) async throws {
        try await execute("SET GLOBAL \(variable) = \(isOn ? "ON" : "OFF")", on: connection)
    }

    /// Of several commands in a row only the first asks whether it works: clients may wait for the last.
    func commandConnection() async throws -> MySQLConnection {
        if let last = provenCommands, last.connection.isUsable, ContinuousClock.now - last.at < Self.provenTime,
            try await commands.open() === last.connection
        {
            return last.connection
        }
        return try await working(commands)
    }

    private static let provenTime = Duration.milliseconds(100)

    /// A connection that is known to work, so that nothing fails for one that ended with the server before this one.
    func working(_ session: ServerSession) async throws -> MySQLConnection {
        let connection = try await session.open()
        do {
            try await connection.execute("DO 0")
            return connection
        } catch {
            await connection.close()
            return try await session.open()
        }
    }

    /// Waits until a session is gone, or its server is.
    private func awaitEnd(of session: UInt64) async throws {
        while true {
            try Task.checkCancellation()
            do {
                let connection = try await commands.open()
                guard connection.connectionID != session else { return }
                try await AgentSessions.kill(session, on: connection)
                let isLeft = try await AgentSessions.list(connection).contains { $0.id == session && $0.canStillAct }
                if !isLeft { return }
            } catch {
                if Self.answer(error) == .absent { return }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

import Logging

/// Ends statements from outside, over a connection of its own: the one that runs a statement is busy with it.
///
/// The connection is opened when it is first needed, and closed when it was not for a while.
actor QueryKiller {
    private enum Target { case query, session }

    private static let timeout = Duration.seconds(2)
    private static let idleTimeout = Duration.seconds(5)
    /// A proxy may lead to one server now and to another the next time.
    private static let attempts = 4

    private let configuration: MySQLConfiguration
    private let logger: Logger
    private var connection: MySQLConnection?
    private var connecting: Task<MySQLConnection, any Error>?
    private var lastUse = ContinuousClock.now
    private var idleTimer: Task<Void, Never>?

    init(configuration: MySQLConfiguration, logger: Logger) {
        self.configuration = configuration.with {
            $0.connectTimeout = min($0.connectTimeout, Self.timeout)
            $0.queryTimeout = Self.timeout
            $0.tracksGTIDs = false
            $0.database = nil
        }
        self.logger = logger
    }

    deinit { idleTimer?.cancel() }

    /// Ends the statement that runs in a session; the session goes on.
    ///
    /// - Parameter isWanted: asked at the last moment. A statement that ended by itself must not have its successor
    ///   killed.
    /// - Returns: false when the server could not be told.
    nonisolated func killQuery(of session: UInt64, on serverUUID: String, isWanted: @escaping @Sendable () -> Bool)
        async -> Bool
    {
        // A task of its own: it must reach its end also when that of the caller is cancelled.
        await Task { await self.send(.query, to: session, on: serverUUID, isWanted) }.value
    }

    /// Ends a session whose connection is about to be given up.
    nonisolated func killSession(_ session: UInt64, on serverUUID: String) async {
        _ = await Task { await self.send(.session, to: session, on: serverUUID) { true } }.value
    }

    func close() async {
        idleTimer?.cancel()
        idleTimer = nil
        if let connecting { _ = try? await connecting.value }
        let last = connection
        connection = nil
        await last?.closeAndJoin()
    }

    private func send(
        _ target: Target, to session: UInt64, on serverUUID: String, _ isWanted: @Sendable () -> Bool
    ) async -> Bool {
        guard !serverUUID.isEmpty else { return false }
        for _ in 0..<Self.attempts {
            guard isWanted() else { return true }
            guard let connection = try? await connect() else { return false }
            // Session numbers mean something on their own server only.
            guard connection.serverUUID == serverUUID, connection.isUsable, connection.socket.isQuiet else {
                await drop(connection)
                continue
            }
            guard isWanted() else { return true }
            do {
                try await connection.execute("KILL \(target == .query ? "QUERY " : "")\(session)")
                return true
            } catch {
                logger.debug(
                    "MySQL KILL failed",
                    metadata: [LogKey.connectionID: "\(session)", LogKey.error: "\(error)"])
                // 1094: there is no such session any more.
                if (error as? MySQLError)?.serverErrorNumber == 1094 { return true }
                await drop(connection)
            }
        }
        return false
    }

    private func connect() async throws -> MySQLConnection {
        lastUse = .now
        if let connection { return connection }
        let attempt =
            connecting
            ?? Task { [configuration, logger] in
                try await MySQLConnection.connect(
                    configuration, logger: logger, killer: nil, instruments: Instruments(configuration))
            }
        connecting = attempt
        defer { if connecting == attempt { connecting = nil } }
        let connection = try await attempt.value
        // Another who waited for the same attempt may have been first.
        if connecting == attempt {
            self.connection = connection
            closeWhenIdle()
        }
        return connection
    }

    private func drop(_ unusable: MySQLConnection) async {
        if connection === unusable { connection = nil }
        await unusable.close()
    }

    private func closeWhenIdle() {
        guard idleTimer == nil else { return }
        idleTimer = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.idleTimeout)
                guard let self, await !self.closeIfIdle() else { return }
            }
        }
    }

    private func closeIfIdle() async -> Bool {
        guard ContinuousClock.now - lastUse >= Self.idleTimeout else { return false }
        await close()
        return true
    }
}

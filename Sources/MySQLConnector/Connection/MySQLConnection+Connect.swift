import Logging
import Synchronization

extension MySQLConnection {
    /// Connects and logs in.
    ///
    /// - Throws: ``MySQLError`` with ``MySQLError/Code/connectFailed`` and Connector/C's number: 1045 for a wrong
    ///   password, 2002 when nothing answers, 2026 for TLS. A cancelled task gets `CancellationError` at once; the
    ///   attempt itself ends in the background, within its timeout.
    public static func connect(_ configuration: MySQLConfiguration, logger: Logger) async throws -> MySQLConnection {
        try await connect(
            configuration, logger: logger, killer: QueryKiller(configuration: configuration, logger: logger),
            instruments: Instruments(configuration))
    }

    /// - Parameter killer: what ends statements of cancelled tasks; without it their connection is closed.
    static func connect(
        _ configuration: MySQLConfiguration, logger: Logger, killer: QueryKiller?, instruments: Instruments
    ) async throws -> MySQLConnection {
        try Task.checkCancellation()
        let outcome = ConnectOutcome()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                outcome.deliver(to: continuation)
                Task {
                    do {
                        let connection = try await dial(
                            configuration, logger: logger, killer: killer, instruments: instruments)
                        if !outcome.succeed(connection) { await connection.close() }
                    } catch {
                        outcome.fail(error)
                    }
                }
            }
        } onCancel: {
            outcome.fail(CancellationError())
        }
    }

    private static func dial(
        _ configuration: MySQLConfiguration, logger: Logger, killer: QueryKiller?, instruments: Instruments
    ) async throws -> MySQLConnection {
        let thread = try ConnectionThread(server: configuration.address.shortName)
        let socket = ConnectionSocket()
        let start = ContinuousClock.now
        do {
            let wire = try await Dialler(thread: thread).dial(configuration, socket: socket)
            let connection = MySQLConnection(
                wire: wire, thread: thread, socket: socket, killer: killer, queryTimeout: configuration.queryTimeout,
                instruments: instruments, logger: logger)
            instruments.connected(after: ContinuousClock.now - start)
            logger.debug(
                "MySQL connection opened",
                metadata: [
                    LogKey.connectionID: "\(connection.connectionID)", LogKey.server: "\(configuration.address)",
                ])
            return connection
        } catch {
            thread.retire()
            throw error
        }
    }
}

/// Connects on the thread that the connection will live on.
private actor Dialler {
    private nonisolated let thread: ConnectionThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(thread: ConnectionThread) { self.thread = thread }

    func dial(_ configuration: MySQLConfiguration, socket: ConnectionSocket) throws -> sending any Wire {
        try LibMariaDBWire.connect(configuration, socket: socket)
    }
}

/// Hands the first of success, failure and cancellation to the one who waits.
private final class ConnectOutcome: Sendable {
    private typealias Waiter = CheckedContinuation<MySQLConnection, any Error>

    private enum State {
        case open(Waiter?)
        case failedEarly(any Error)
        case done
    }

    private let state = Mutex(State.open(nil))

    func deliver(to waiter: CheckedContinuation<MySQLConnection, any Error>) {
        let failure = state.withLock { state -> (any Error)? in
            if case .failedEarly(let error) = state {
                state = .done
                return error
            }
            state = .open(waiter)
            return nil
        }
        if let failure { waiter.resume(throwing: failure) }
    }

    /// - Returns: false when nobody waits any more.
    func succeed(_ connection: MySQLConnection) -> Bool {
        guard let waiter = takeWaiter() else { return false }
        waiter.resume(returning: connection)
        return true
    }

    func fail(_ error: any Error) { takeWaiter(orRemember: error)?.resume(throwing: error) }

    private func takeWaiter(orRemember error: (any Error)? = nil) -> Waiter? {
        state.withLock { state in
            guard case .open(let waiter) = state else { return nil }
            if let waiter {
                state = .done
                return waiter
            }
            if let error { state = .failedEarly(error) }
            return nil
        }
    }
}

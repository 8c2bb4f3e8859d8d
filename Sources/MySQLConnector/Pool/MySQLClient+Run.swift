import Logging
import ServiceLifecycle
import Synchronization

extension MySQLClient {
    /// Opens, resets and closes connections until the client is shut down; call it once.
    ///
    /// A graceful shutdown refuses new work, serves the tasks that hold or wait for a connection, then closes.
    /// Cancellation breaks off running statements.
    public func run() async throws {
        let isFirst = pool.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { throw MySQLError(code: .poolClosed, message: "run() was called a second time") }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withDiscardingTaskGroup { group in
                    self.apply { $0.machine.start(at: $1) }
                    group.addTask { await self.reportStatistics() }
                    for await command in self.commands {
                        group.addTask { await self.carryOut(command) }
                    }
                    // Timers, and attempts to connect that nobody waits for.
                    group.cancelAll()
                    await self.closeRemaining()
                }
            } onGracefulShutdown: {
                self.apply { state, _ in state.machine.shutDown(.drain) }
            }
        } onCancel: {
            self.apply { state, _ in state.machine.shutDown(.force) }
        }
    }

    /// Lets statements under way end, and refuses everything else, also what waits already: it can go to another
    /// server. Then ``run()`` returns.
    package func leave() { apply { state, _ in state.machine.shutDown(.leave) } }

    /// Opens connections ahead of those who will ask for them, so that there are `count`, or as many as the options
    /// allow.
    package func prepare(_ count: Int) { apply { $0.machine.prepare(count, at: $1) } }

    /// Until it is cancelled.
    private func reportStatistics() async {
        repeat { instruments.observe(statistics) } while (try? await Task.sleep(for: Self.reportInterval)) != nil
    }

    private static let reportInterval = Duration.seconds(5)

    private func carryOut(_ command: PoolCommand) async {
        switch command {
        case .open(let id, let delay): await open(id, after: delay)
        case .close(let connection): await connection.closeAndJoin()
        case .probe(let id, let connection):
            await connection.ping()
            apply { $0.machine.probed(id, isAlive: connection.isUsable, at: $1) }
        case .reset(let lease):
            let isReset = (try? await lease.connection.reset()) != nil
            finish(lease, isReusable: isReset)
        case .endStream(let stream, let lease):
            await lease.connection.endStream(stream)
            release(lease)
        case .wake(let time):
            guard (try? await Task.sleep(until: epoch + time, clock: .continuous)) != nil else { return }
            apply { $0.machine.wake(at: $1) }
        }
    }

    private func open(_ id: PoolStateMachine.ConnectionID, after delay: Duration) async {
        do {
            // Not all of a fleet's clients at the same moment, when a server comes back.
            if delay > .zero { try await Task.sleep(for: delay * Double.random(in: 0.5...1)) }
            let connection = try await MySQLConnection.connect(
                configuration, logger: logger, killer: killer, instruments: instruments)
            apply { state, now in
                state.connections[id] = connection
                state.openedTotal += 1
                state.lastConnectError = nil
                return state.machine.opened(id, at: now)
            }
        } catch {
            logger.debug(
                "MySQL connect failed", metadata: [LogKey.server: "\(configuration.address)", LogKey.error: "\(error)"])
            apply { state, now in
                if !(error is CancellationError) {
                    state.lastConnectError = "\(error)"
                    state.connectFailuresTotal += 1
                }
                return state.machine.openFailed(id, at: now)
            }
        }
    }

    /// After a cancellation, connections are still lent out. Their statements break off.
    private func closeRemaining() async {
        let remaining = pool.withLock { state in
            defer { state.connections = [:] }
            return Array(state.connections.values)
        }
        for connection in remaining {
            connection.socket.interrupt()
            await connection.closeAndJoin()
        }
        await killer.close()
    }
}

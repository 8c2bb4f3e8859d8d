import Logging
import MySQLConnector
import Synchronization

/// Asks servers who they are, each on a connection of its own.
final class ServerProber: Sendable {
    private struct State {
        var servers: ProbedServers
        var hurriesUntil = ContinuousClock.now
    }

    /// How often a server is asked while something is wrong.
    private static let hurry = Duration.milliseconds(100)
    private let configurations: [MySQLConfiguration]
    private let interval: Duration
    private let logger: Logger
    private let state: Mutex<State>
    private let epoch = ContinuousClock.now

    /// - Parameter configurations: how to log in to each.
    init(_ configurations: [MySQLConfiguration], maximumLag: Duration, interval: Duration, logger: Logger) {
        self.configurations = configurations.map { configuration in
            var configuration = configuration
            configuration.connectTimeout = .seconds(2)
            configuration.queryTimeout = .seconds(2)
            return configuration
        }
        self.interval = interval
        self.logger = logger
        state = Mutex(State(servers: ProbedServers(configurations.map(\.address), maximumLag: maximumLag)))
    }

    /// Something failed: asks more often for a while.
    func nudge() { state.withLock { $0.hurriesUntil = ContinuousClock.now + .seconds(2) } }

    /// Runs until cancelled.
    func run(learn: @escaping @Sendable (ClusterView) -> Void) async {
        await withDiscardingTaskGroup { group in
            for index in configurations.indices { group.addTask { await self.follow(index, learn) } }
        }
    }

    /// Asks every server once.
    func once() async -> ClusterView {
        await withDiscardingTaskGroup { group in
            for index in configurations.indices {
                group.addTask {
                    var connection: MySQLConnection?
                    await self.probe(index, &connection)
                    await connection?.close()
                }
            }
        }
        return view()
    }

    private func view() -> ClusterView { state.withLock { $0.servers.view(at: ContinuousClock.now - epoch) } }

    private func follow(_ index: Int, _ learn: (ClusterView) -> Void) async {
        var connection: MySQLConnection?
        while !Task.isCancelled {
            let isThere = await probe(index, &connection)
            learn(view())
            await pause(isThere ? interval : min(interval, .milliseconds(250)))
        }
        await connection?.close()
    }

    /// - Returns: whether it answered.
    @discardableResult
    private func probe(_ index: Int, _ connection: inout MySQLConnection?) async -> Bool {
        do {
            let open: MySQLConnection
            if let connection {
                open = connection
            } else {
                open = try await MySQLConnection.connect(configurations[index], logger: logger)
                connection = open
            }
            let answer = try await ask(open)
            state.withLock { $0.servers.answered(index, answer, at: ContinuousClock.now - epoch) }
            return true
        } catch {
            await connection?.close()
            connection = nil
            state.withLock { $0.servers.failed(index, (error as? MySQLError)?.message ?? "\(error)") }
            return false
        }
    }

    private func ask(_ connection: MySQLConnection) async throws -> ProbedServers.Answer {
        let rows = try await connection.query(
            "SELECT @@GLOBAL.server_uuid, @@GLOBAL.read_only, @@GLOBAL.gtid_mode, @@GLOBAL.gtid_executed")
        guard let row = rows.first else { throw MySQLError(code: .server, message: "the server returned no row") }
        let (uuid, isReadOnly, mode, executed) = try row.decode((String, Bool, String, String).self)
        return ProbedServers.Answer(
            uuid: uuid.lowercased(), isReadOnly: isReadOnly, hasGTIDs: mode == "ON",
            executed: GTIDPosition(executed.filter { !$0.isNewline }) ?? GTIDPosition())
    }

    private func pause(_ duration: Duration) async {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: min(Self.hurry, end - ContinuousClock.now) * Double.random(in: 0.75...1))
            if state.withLock({ $0.hurriesUntil }) > ContinuousClock.now { return }
        }
    }
}

public import Logging
import MySQLConnector
public import ServiceLifecycle
import Synchronization

/// A client for a primary and its replicas: writes go to the primary, reads to all of them.
///
/// ```swift
/// let cluster = try MySQLCluster(configuration: MySQLClusterConfiguration(), logger: logger)
/// let written = try await cluster.write { connection in
///     try await connection.query("INSERT INTO note (text) VALUES (\(text))").lastInsertID
/// }
/// let notes = try await cluster.read("SELECT text FROM note", consistency: written.token.map { .after($0) })
/// ```
/// It works while ``run()`` runs: add it to a `ServiceGroup` before the services that use it.
///
/// A change of primary is a pause, not an error: what was not sent waits for the new one, reads go on. See
/// <doc:Failover>.
public final class MySQLCluster: Service, Sendable {
    public let configuration: MySQLClusterConfiguration
    let logger: Logger
    let state: BriefLock<ClusterState>
    let bell = Bell()
    let metrics = ClusterMetrics()
    let pools: AsyncStream<ServerPool>
    let poolSink: AsyncStream<ServerPool>.Continuation
    let prober: ServerProber?
    private let start = ContinuousClock.now

    /// - Throws: `MySQLError` with the code `invalidConfiguration`.
    public init(configuration: MySQLClusterConfiguration, logger: Logger) throws {
        self.configuration = try configuration.checked()
        self.logger = logger
        state = BriefLock(ClusterState(routing: RoutingState(options: .init(weights: configuration.weights))))
        (pools, poolSink) = AsyncStream.makeStream()
        switch configuration.topology {
        case .agent(let url):
            _ = try AgentURL(url)
            prober = nil
        case .servers(let addresses):
            prober = ServerProber(
                addresses.map { address in
                    var reader = configuration.reader
                    reader.address = address
                    return reader
                }, maximumLag: configuration.maximumLag, interval: configuration.probeInterval, logger: logger)
        }
    }

    /// Who leads, who reads, what is waited for: at this moment, and counted since the start.
    public var statistics: MySQLClusterStatistics {
        state.withLock { state in
            var statistics = MySQLClusterStatistics()
            statistics.servers = state.counters
            for server in state.routing.servers.map(\.seen) {
                statistics.servers[server.name, default: .init()].servesReads = server.servesReads
                statistics.servers[server.name]?.lagSeconds = server.lagSeconds
            }
            for (name, pool) in state.readPools {
                statistics.servers[name, default: .init()].readPool = pool.client.statistics
            }
            for pool in [state.heirPool, state.writePool].compactMap(\.self) {
                statistics.servers[pool.server, default: .init()].writePool = pool.client.statistics
            }
            statistics.epoch = state.routing.view?.epoch ?? 0
            statistics.primary = state.routing.view?.primary
            statistics.takesWrites = state.routing.view?.takesWrites ?? false
            statistics.held = state.heldReads + state.heldWrites
            statistics.heldTotal = state.heldTotal
            return statistics
        }
    }

    /// Since the cluster was made.
    var now: Duration { ContinuousClock.now - start }

    /// Takes in a new view of the servers: opens and closes pools, and wakes up who waits.
    func learn(_ view: ClusterView) {
        let now = now
        let before = state.withLock { state -> (view: ClusterView?, isNews: Bool) in
            let old = state.routing.view
            guard let change = state.routing.learn(view, at: now) else { return (old, false) }
            for name in change.removed { state.readPools.removeValue(forKey: name)?.stop() }
            for server in change.lost { state.readPools.removeValue(forKey: server.name)?.stop() }
            // Before the server cuts them, which takes time that others wait for; and they would try to connect again.
            for server in change.leaving {
                state.readPools.removeValue(forKey: server.name)?.stop(grace: Self.readGrace)
            }
            for server in change.added + change.returned where server.isWorthConnections {
                state.readPools[server.name] = makePool(server, isForWrites: false)
            }
            state.followPrimary(view) { makePool($0, isForWrites: true) }
            return (old, true)
        }
        guard before.isNews else { return }
        logger.debug(
            "MySQL cluster changed",
            metadata: [
                "epoch": "\(view.epoch)", "primary": "\(view.primary ?? "none")",
                "takes_writes": "\(view.takesWrites)", "former_primary": "\(before.view?.primary ?? "none")",
            ])
        bell.ring()
    }

    /// How long reads may take that a server was asked which is about to go.
    private static let readGrace = Duration.seconds(1)

    /// A primary that has handed over still answers what it was sent, and its answer settles what a broken link would
    /// leave open. One that no longer answers its agent, as when it hangs, had sent what it will send, and whoever
    /// waits for it would wait in vain. Reads just go elsewhere.
    /// - Parameter former: the former primary, as it is now.
    static func writeGrace(_ former: ClusterView.Server?) -> Duration {
        former?.isReachable == true ? .seconds(1) : .milliseconds(250)
    }

    private func makePool(_ server: ClusterView.Server, isForWrites: Bool) -> ServerPool {
        var options = isForWrites ? configuration.writePool : configuration.readPool
        options.name = options.name ?? (isForWrites ? "write" : "read")
        let pool = ServerPool(
            server: server.name,
            client: MySQLClient(
                configuration: isForWrites ? configuration.writer(at: server) : configuration.reader(at: server),
                options: options, logger: logger))
        poolSink.yield(pool)
        return pool
    }
}

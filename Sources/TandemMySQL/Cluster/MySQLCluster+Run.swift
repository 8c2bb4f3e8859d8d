import Logging
import MySQLConnector
import ServiceLifecycle
import Synchronization

extension MySQLCluster {
    /// How often the gauges of swift-metrics are set.
    private static let reportInterval = Duration.seconds(5)

    /// Keeps up with who is primary, and keeps the connections, until the cluster is shut down; call it once.
    ///
    /// A graceful shutdown serves the tasks that hold or wait for a connection, then closes. Cancellation breaks off
    /// running statements.
    public func run() async throws {
        let isFirst = state.withLock { state in
            defer { state.phase = .running }
            return state.phase == .idle
        }
        guard isFirst else { throw MySQLError(code: .poolClosed, message: "run() was called a second time") }
        await withTaskGroup { group in
            group.addTask { await self.watch() }
            group.addTask { await self.runPools() }
            await group.waitForAll()
        }
        state.withLock { $0.phase = .closed }
        bell.ring()
    }

    private func runPools() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await pool in pools { group.addTask { await pool.run() } }
            }
        } onGracefulShutdown: {
            self.poolSink.finish()
        }
    }

    /// Ends at the beginning of a graceful shutdown: who leads then leads until the end.
    private func watch() async {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.followTopology() }
                group.addTask { await self.sweepCommitRecords() }
                group.addTask {
                    while (try? await Task.sleep(for: Self.reportInterval)) != nil {
                        self.metrics.report(self.statistics)
                    }
                }
            }
        }
    }

    private func followTopology() async {
        switch configuration.topology {
        case .servers: await prober?.run { self.learn($0) }
        case .agent(let text):
            guard let url = try? AgentURL(text) else { return }
            let watcher = AgentWatcher(
                http: HTTPGet(url: url), maximumLagSeconds: configuration.maximumLag / .seconds(1), logger: logger)
            await watcher.run(learn: { self.learn($0) }, failed: { await self.askServersThemselves() })
        }
    }

    /// While the agent is away: where it is known who the servers are, they say themselves who takes writes.
    private func askServersThemselves() async {
        guard let view = state.withLock({ $0.routing.view }) else { return }
        let prober = ServerProber(
            view.servers.map(configuration.reader(at:)), maximumLag: configuration.maximumLag,
            interval: configuration.probeInterval, logger: logger)
        learn(view.corrected(by: await prober.once()))
    }
}

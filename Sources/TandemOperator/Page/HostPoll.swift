import TandemAgent
import TandemServices
import TandemStack
import TandemTopology

/// What the page asks of agents.
protocol PageSource: Sendable {
    func status(of host: Host, timeout: Duration) async throws -> HostStatus
    func topology(from host: Host, timeout: Duration) async throws -> Topology
    func failover(of host: Host, timeout: Duration) async throws -> FailoverStatus
    func statistics(of host: Host, timeout: Duration) async throws -> HostStatistics
    func timeline(of host: Host, after: Int, timeout: Duration) async throws -> HostTimeline
}

extension AgentClient: PageSource {}

/// Asks one host's agent each second while somebody looks. Each question goes its own way: an agent whose mysqld hangs
/// cannot tell its statistics, and is not silent.
struct HostPoll: Sendable {
    let host: Host
    /// Whether it takes part in the failover.
    let isVoter: Bool
    let source: any PageSource
    let board: PageBoard
    let isLooked: @Sendable () -> Bool

    /// Of one question. The next second asks again.
    static let patience = Duration.seconds(2)
    /// Of one timeline: more than the answers that a full hour is told in.
    private static let mostPortions = 8

    /// Runs until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await eachSecond {
                    guard let status = try? await source.status(of: host, timeout: Self.patience) else { return }
                    await board.hear(status, of: host.name)
                }
            }
            group.addTask {
                await eachSecond {
                    await board.hear(try? await source.topology(from: host, timeout: Self.patience), of: host.name)
                }
            }
            group.addTask {
                await eachSecond {
                    await board.hear(try? await source.statistics(of: host, timeout: Self.patience), of: host.name)
                }
            }
            group.addTask { await eachSecond { await askTimeline() } }
            guard isVoter else { return }
            group.addTask {
                await eachSecond {
                    await board.hear(try? await source.failover(of: host, timeout: Self.patience), of: host.name)
                }
            }
        }
    }

    private func eachSecond(_ body: () async -> Void) async {
        while !Task.isCancelled {
            if isLooked() { await body() }
            try? await Ticks.next(every: .seconds(1))
        }
    }

    /// In as many answers as it takes.
    private func askTimeline() async {
        for _ in 0..<Self.mostPortions {
            let after = await board.after(host.name)
            let timeline = try? await source.timeline(of: host, after: after, timeout: Self.patience)
            await board.hear(timeline, of: host.name)
            guard timeline?.until != nil else { return }
        }
    }
}

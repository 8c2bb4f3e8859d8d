import TandemStack
import TandemTopology

/// Keeps up with another host's database, through its agent.
struct PeerWatch: Sendable {
    let peer: Host
    let client: AgentClient
    let board: TopologyBoard

    /// Runs until the task is cancelled.
    func run() async {
        var version = 0
        var delay = Duration.milliseconds(50)
        while !Task.isCancelled {
            do {
                let news = try await client.database(of: peer, after: version)
                // An agent speaks for its own host.
                guard news.value.host == peer.name, news.value.address == peer.address else {
                    throw StateError("the agent of \(peer.name) speaks of \(news.value.host)")
                }
                version = news.version
                await board.set(news.value)
                delay = .milliseconds(50)
            } catch {
                version = 0
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(1))
            }
        }
    }
}

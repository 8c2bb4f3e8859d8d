#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Logging
import NIOCore
import NIOHTTP1
import TandemTopology

/// Keeps up with what the local agent says. An agent that cannot be reached leaves its last word standing.
struct AgentWatcher: Sendable {
    let http: HTTPGet
    let maximumLagSeconds: Double
    let logger: Logger

    /// How long the agent may hold a question.
    private static let waitSeconds = 20
    private static let versionHeader = "X-Tandem-Version"

    /// Runs until cancelled.
    /// - Parameter failed: called after each vain attempt, before the next.
    func run(learn: (ClusterView) -> Void, failed: () async -> Void) async {
        var version = 0
        var backoff = Backoff(.milliseconds(50) ... .seconds(1))
        while !Task.isCancelled {
            do {
                let (view, newVersion) = try await next(after: version)
                version = newVersion
                learn(view)
                backoff.reset()
            } catch {
                version = 0
                logger.debug(
                    "The agent could not be asked for the topology",
                    metadata: ["url": "http://\(http.url.host):\(http.url.port)\(http.url.path)", "error": "\(error)"])
                await failed()
                try? await Task.sleep(for: backoff.pause())
            }
        }
    }

    /// Whether an agent can have said this. An agent raises the epoch by one with each change of primary; a number that
    /// no count reaches was made up by another program, and adding one to the largest would overflow.
    static func isPlausible(_ topology: Topology) -> Bool { (0...1 << 40).contains(topology.epoch) }

    private func next(after version: Int) async throws -> (ClusterView, version: Int) {
        let answer = try await http.get(
            query: "after=\(version)&wait=\(Self.waitSeconds)", timeout: .seconds(Self.waitSeconds + 5))
        guard answer.status == 200 else { throw HTTPGet.Failure(description: "the agent answered \(answer.status)") }
        let topology = try JSONDecoder().decode(Topology.self, from: Data(answer.body.readableBytesView))
        guard Self.isPlausible(topology) else {
            throw HTTPGet.Failure(description: "the answer has the epoch \(topology.epoch)")
        }
        let newVersion = answer.headers.first(name: Self.versionHeader).flatMap { Int($0) }
        guard let newVersion else { throw HTTPGet.Failure(description: "the answer has no \(Self.versionHeader)") }
        return (ClusterView(topology, maximumLagSeconds: maximumLagSeconds), newVersion)
    }
}

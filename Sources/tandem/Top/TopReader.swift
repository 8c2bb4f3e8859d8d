import Foundation
import TandemAgent
import TandemStack
import TandemTopology

/// Asks every agent for what `top` needs.
struct TopReader: Sendable {
    var reader: StatusReader

    func read() async -> TopSample {
        async let status = reader.read()
        let client = reader.client
        let statistics = await withTaskGroup(of: HostStatistics?.self) { group in
            for host in reader.applied.stack.hosts {
                group.addTask { try? await client.statistics(of: host) }
            }
            var answers: [String: HostStatistics] = [:]
            for await answer in group {
                if let answer { answers[answer.host] = answer }
            }
            return answers
        }
        return TopSample(status: await status, statistics: statistics, at: Date())
    }
}

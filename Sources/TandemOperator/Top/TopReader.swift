import Foundation
import TandemAgent
import TandemStack
import TandemTopology

/// Asks every agent for what `top` needs.
package struct TopReader: Sendable {
    var reader: StatusReader

    package init(reader: StatusReader) { self.reader = reader }

    package func read() async -> TopSample {
        async let status = reader.read()
        let client = reader.client
        // By whom was asked: an agent speaks for its own host alone.
        let statistics = await withTaskGroup(of: (host: String, answer: HostStatistics?).self) { group in
            for host in reader.applied.stack.hosts {
                group.addTask { (host.name, try? await client.statistics(of: host)) }
            }
            return await group.reduce(into: [String: HostStatistics]()) { $0[$1.host] = $1.answer }
        }
        return TopSample(status: await status, statistics: statistics, at: Date())
    }
}

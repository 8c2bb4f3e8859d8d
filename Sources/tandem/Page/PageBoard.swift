import Foundation
import TandemAgent
import TandemStack
import TandemTopology

/// What all agents said last.
actor PageBoard {
    private var words: [String: HostWord] = [:]
    private var changes: [FailoverChange] = []
    private(set) var hour = PageHour()

    func after(_ host: String) -> Int { hour.after(host) }

    func keep(_ hosts: [String]) {
        words = words.filter { hosts.contains($0.key) }
        hour.keep(hosts)
    }

    func hear(
        _ host: String, status: HostStatus, topology: Topology?, failover: FailoverStatus?,
        statistics: HostStatistics?, timeline: HostTimeline?
    ) {
        var word = words[host] ?? HostWord()
        word.answeredAt = .now
        word.status = status
        word.topology = topology
        word.failover = failover
        if let statistics {
            word.lastStatistics = word.statistics
            word.statistics = statistics
        }
        if let timeline {
            hour.take(timeline)
            word.events = Self.merged(word.events, timeline)
        }
        words[host] = word
    }

    /// An agent is asked again for the last seconds, and tells the events in them again; one that was started anew has forgotten its own.
    private static func merged(_ known: [HostEvent], _ timeline: HostTimeline) -> [HostEvent] {
        let events = known.filter { $0.at > timeline.now - TrafficRing.hour && !timeline.events.contains($0) }
        return (events + timeline.events).suffix(mostEvents)
    }

    private static let mostEvents = 200

    func hear(_ changes: [FailoverChange]) { self.changes = changes }

    /// Whether all hosts have answered, so that a first picture shows none as silent that was not asked yet.
    func hasHeard(of hosts: [Host]) -> Bool { hosts.allSatisfy { words[$0.name]?.answeredAt != nil } }

    /// The highest that any agent knows of.
    var epoch: Int { words.values.compactMap { $0.topology?.epoch }.max() ?? 0 }

    func assembly(_ applied: AppliedStack, _ keeping: StackKeeping) -> PageAssembly {
        PageAssembly(
            applied: applied, keeping: keeping, words: words, changes: changes, hour: hour, now: .now, at: Date())
    }
}

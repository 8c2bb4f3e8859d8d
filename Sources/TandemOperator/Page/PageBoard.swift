import Foundation
import TandemAgent
import TandemStack
import TandemTopology

/// What all agents said last.
actor PageBoard {
    private var words: [String: HostWord] = [:]
    /// Hosts that were asked for their hour, and have told it or have not answered.
    private var asked: Set<String> = []
    private var changes: [FailoverChange] = []
    private(set) var hour = PageHour()

    func after(_ host: String) -> Int { hour.after(host) }

    func keep(_ hosts: [String]) {
        words = words.filter { hosts.contains($0.key) }
        asked.formIntersection(hosts)
        hour.keep(hosts)
    }

    func hear(_ status: HostStatus, of host: String) {
        words[host, default: HostWord()].status = status
        words[host, default: HostWord()].answeredAt = .now
    }

    /// - Parameter topology: nil: it was asked for, and did not come.
    func hear(_ topology: Topology?, of host: String) { words[host, default: HostWord()].topology = topology }

    func hear(_ failover: FailoverStatus?, of host: String) { words[host, default: HostWord()].failover = failover }

    /// What was known before stays, and becomes old.
    func hear(_ statistics: HostStatistics?, of host: String) {
        guard let statistics else { return }
        var word = words[host, default: HostWord()]
        word.lastStatistics = word.statistics
        word.statistics = statistics
        word.countedAt = .now
        words[host] = word
    }

    func hear(_ timeline: HostTimeline?, of host: String) {
        if timeline?.until == nil { asked.insert(host) }
        guard let timeline else { return }
        hour.take(timeline, of: host, at: Int(Date().timeIntervalSince1970))
        words[host, default: HostWord()].events = Self.merged(words[host]?.events ?? [], timeline)
    }

    /// An agent is asked again for the last seconds, and tells the events in them again; one that was started anew has
    /// forgotten its own.
    private static func merged(_ known: [HostEvent], _ timeline: HostTimeline) -> [HostEvent] {
        let newest = min(max(timeline.now, 0), TrafficRing.clockRange.upperBound)
        let events = known.filter { $0.at > newest - TrafficRing.hour && !timeline.events.contains($0) }
        return (events + timeline.events).suffix(HostTimeline.mostEvents)
    }

    func hear(_ changes: [FailoverChange]) { self.changes = changes }

    /// Whether all hosts have answered, so that a first picture shows none as silent that was not asked yet.
    func hasHeard(of hosts: [Host]) -> Bool {
        hosts.allSatisfy { words[$0.name]?.answeredAt != nil && asked.contains($0.name) }
    }

    /// The highest that any agent knows of.
    var epoch: Int { words.values.compactMap { $0.topology?.epoch }.max() ?? 0 }

    func assembly(_ applied: AppliedStack, _ keeping: StackKeeping) -> PageAssembly {
        PageAssembly(
            applied: applied, keeping: keeping, words: words, changes: changes, hour: hour, now: .now, at: Date())
    }
}

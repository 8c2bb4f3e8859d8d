import Foundation
import NIOCore
import TandemBlueprint
import TandemServices
import TandemStack
import TandemTopology

/// Keeps the last hour of one host: its traffic by the second, and what happened to its services. It outlives the agent
/// that takes up other settings, and ends with the process.
public actor HostRecorder {
    private var ring = TrafficRing()
    private var events: [HostEvent] = []
    /// Of all requests since the process began.
    private(set) var durations = DurationTotals()
    private var services = ServiceEvents()
    private var counter = CounterSteps()
    private var log: (file: GrowingFile, parser: AccessLogParser)?

    public init() {}

    /// Looks each second until the task is cancelled.
    /// - Parameter look: the host's services, and the version of its settings.
    func run(
        _ blueprint: HostBlueprint, _ layout: Layout, look: @Sendable () async -> ([ServiceStatus], String)
    ) async {
        if blueprint.runs(.nginx) {
            if log?.file.path != layout.nginxAccessLogFile {
                log = (GrowingFile(path: layout.nginxAccessLogFile), AccessLogParser(port: Ports.web))
            }
        } else {
            log = nil
        }
        while !Task.isCancelled {
            let (statuses, version) = await look()
            let balancer = blueprint.runs(.haproxy) ? await Self.frontCounters(layout.haproxySocket) : nil
            record(statuses, version, balancer, at: Int(Date().timeIntervalSince1970))
            try? await Ticks.next(every: .seconds(1))
        }
    }

    private func record(_ statuses: [ServiceStatus], _ version: String, _ balancer: TrafficCounters?, at second: Int) {
        ring.advance(to: second)
        if let balancer {
            for step in counter.look(requests: balancer.requests, errors: balancer.errors, at: second) {
                ring.add(requests: step.requests, errors: step.errors, at: step.at)
            }
        }
        if var (file, parser) = log {
            file.forEachLine { line in
                guard let entry = parser.entry(line) else { return }
                ring.add(milliseconds: entry.milliseconds, at: entry.second)
                durations.add(milliseconds: entry.milliseconds)
            }
            log = (file, parser)
        }
        events += services.look(statuses, version: version, at: second)
        // The oldest are forgotten.
        events.removeFirst(max(0, events.count - HostTimeline.mostEvents))
    }

    /// - Parameter after: what is older is left out.
    func timeline(of host: String, after: Int) -> HostTimeline {
        HostTimeline(host: host, ring: ring, events: events, after: after)
    }

    /// What users sent to this host's HAProxy; nil where it does not answer.
    private static func frontCounters(_ socket: String) async -> TrafficCounters? {
        // Of one section, since it is asked each second: 1 stands for frontends.
        let answer = try? await HAProxySocket.ask("show stat front 1 -1", at: socket, patience: .milliseconds(500))
        return answer.flatMap { HAProxyStatistics.parse($0).first { $0.section == "front" && $0.server == nil } }
    }
}

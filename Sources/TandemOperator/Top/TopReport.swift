import Foundation
import TandemTopology

/// What `tandem top` shows: what happened between two looks at a stack. A contract in JSON, as `status` is.
package struct TopReport: Encodable, Sendable, Equatable {
    /// One service on one host, or the front as a whole.
    package struct Line: Encodable, Sendable, Equatable {
        /// Missing for the front.
        package var host: String?
        package var service: String
        /// Requests (haproxy, nginx), sessions (router) or statements (mysql); missing where nobody counts.
        package var requestsPerSecond: Double?
        /// Answers of 500 and above, and connections that failed.
        package var errorsPerSecond: Double?
        /// Until the answer began; missing where it is not measured or nothing was asked.
        package var responseMilliseconds: Int?
        /// Open at the end of the interval.
        package var connections: Int?
        /// 100 is one core.
        package var cpuPercent: Double?
        package var memoryBytes: Int?
        /// `primary` or `replica`, of mysql.
        package var role: String?
        package var lagSeconds: Int?
    }

    package var stack: String
    package var state: StackStatus.State
    package var url: String
    /// The end of the interval.
    var at: Date
    var intervalSeconds: Double
    package var lines: [Line]
}

/// What all agents said at one moment.
package struct TopSample: Sendable {
    package var status: StackStatus
    /// By host; one that did not answer is missing.
    var statistics: [String: HostStatistics]
    var at: Date
}

extension TopReport {
    package init(from first: TopSample, to second: TopSample) {
        let changes = TopChanges(first: first, second: second)
        let status = second.status
        stack = status.stack
        state = status.state
        url = status.url
        at = second.at
        intervalSeconds = (second.at.timeIntervalSince(first.at) * 1000).rounded() / 1000
        lines =
            [changes.front]
            + status.hosts.flatMap { host in
                host.services.inRequestOrder.map { changes.line($0, host: host) }
            }
    }
}

/// Makes rates of counters.
struct TopChanges {
    var first: TopSample
    var second: TopSample

    /// What all balancers did together.
    var front: TopReport.Line {
        let rates = second.status.hosts.flatMap { host in
            self.rates(of: host.name, in: \.balancer) { $0.section == "front" }
        }
        return TopReport.Line(
            service: "front", requestsPerSecond: Self.sum(rates.map(\.requests)),
            errorsPerSecond: Self.sum(rates.map(\.errors)),
            responseMilliseconds: Self.average(web { $0.server == nil }),
            connections: rates.isEmpty ? nil : rates.map(\.connections).reduce(0, +))
    }

    func line(_ service: ServiceStatus, host: StackStatus.HostState) -> TopReport.Line {
        var line = TopReport.Line(host: host.name, service: service.name)
        switch service.name {
        case "haproxy":
            fill(&line, rates(of: host.name, in: \.balancer) { $0.section == "front" })
            let own = rates(of: host.name, in: \.balancer) {
                TrafficCounters.webSections.contains($0.section) && $0.server == nil
            }
            line.responseMilliseconds = Self.average(own)
        case "nginx":
            // What the balancers had from it. Requests that other web servers pass on are in theirs.
            let asked = web { $0.server == host.name }
            fill(&line, asked)
            line.responseMilliseconds = Self.average(asked)
        case "router":
            fill(
                &line,
                rates(of: host.name, in: \.router) { $0.server == nil && ["write", "read"].contains($0.section) })
        case "mysql": fillDatabase(&line, host.name)
        default: break
        }
        fillProcess(&line, service.name, host.name)
        return line
    }

    // MARK: - Parts of a line

    private func fill(_ line: inout TopReport.Line, _ rates: [Rate]) {
        guard !rates.isEmpty else { return }
        line.requestsPerSecond = Self.sum(rates.map(\.requests))
        line.errorsPerSecond = Self.sum(rates.map(\.errors))
        line.connections = rates.map(\.connections).reduce(0, +)
    }

    private func fillDatabase(_ line: inout TopReport.Line, _ host: String) {
        if let (old, new, seconds) = pair(host) {
            if let before = old.database, let now = new.database {
                line.requestsPerSecond = Self.rate(before.statements, now.statements, seconds)
            }
            line.connections = new.database?.connections
        }
        guard let database = second.status.database else { return }
        line.role = database.primary == host ? "primary" : "replica"
        line.lagSeconds = database.replicas.first { $0.host == host }?.lagSeconds
    }

    private func fillProcess(_ line: inout TopReport.Line, _ service: String, _ host: String) {
        guard let (old, new, seconds) = pair(host),
            let now = new.processes.first(where: { $0.service == service })
        else { return }
        line.memoryBytes = now.residentBytes
        guard let before = old.processes.first(where: { $0.service == service }) else { return }
        // One that was started anew meanwhile has used less than the one before it.
        let used = now.cpuSeconds >= before.cpuSeconds ? now.cpuSeconds - before.cpuSeconds : now.cpuSeconds
        line.cpuPercent = Self.rounded(used / seconds * 100)
    }

    // MARK: - Rates

    struct Rate {
        var requests: Double
        var errors: Double
        var connections: Int
        var responseMilliseconds: Int?
    }

    /// What the balancers count of the web servers.
    private func web(_ isWanted: (TrafficCounters) -> Bool) -> [Rate] {
        second.status.hosts.flatMap { host in
            rates(of: host.name, in: \.balancer) { TrafficCounters.webSections.contains($0.section) && isWanted($0) }
        }
    }

    func rates(
        of host: String, in counters: KeyPath<HostStatistics, [TrafficCounters]?>,
        _ isWanted: (TrafficCounters) -> Bool
    ) -> [Rate] {
        guard let (old, new, seconds) = pair(host), let before = old[keyPath: counters],
            let now = new[keyPath: counters]
        else { return [] }
        return now.filter(isWanted).compactMap { now in
            guard let before = before.first(where: { $0.section == now.section && $0.server == now.server }) else {
                return nil
            }
            return Rate(
                requests: Self.rate(before.requests, now.requests, seconds),
                errors: Self.rate(before.errors, now.errors, seconds), connections: now.connections,
                responseMilliseconds: now.responseMilliseconds)
        }
    }

    private func pair(_ host: String) -> (old: HostStatistics, new: HostStatistics, seconds: Double)? {
        guard let old = first.statistics[host], let new = second.statistics[host] else { return nil }
        let seconds = new.clockSeconds - old.clockSeconds
        // An agent that was started anew has begun to count its seconds anew. Looks are never so near to each other,
        // and a quotient would be absurd.
        return seconds > 0.05 ? (old, new, seconds) : nil
    }

    /// A counter that has become smaller was begun anew.
    private static func rate(_ before: Int, _ now: Int, _ seconds: Double) -> Double {
        rounded(Double(now >= before ? now - before : now) / seconds)
    }

    /// Two decimals: more than that is noise.
    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    private static func sum(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) }

    /// Each weighted by its requests. HAProxy's own averages stand still while nothing is asked.
    static func average(_ rates: [Rate]) -> Int? {
        let measured = rates.filter { $0.requests > 0 && $0.responseMilliseconds != nil }
        let requests = measured.map(\.requests).reduce(0, +)
        guard requests > 0 else { return nil }
        let sum = measured.map { $0.requests * Double($0.responseMilliseconds ?? 0) }.reduce(0, +)
        return Int((sum / requests).rounded())
    }
}

import TandemTopology

/// The last hour of a whole stack, put together from what each host counted. A value.
struct PageHour: Sendable {
    /// Agents are asked again for so many seconds: nginx writes its log up to a second late.
    static let overlapSeconds = 5
    /// Clocks of hosts may differ by so much, and what each of them counts is told at once. Of one that differs by
    /// more, the whole hour is told again and again.
    private static let skewSeconds = 120

    private var rings: [String: TrafficRing] = [:]
    /// Where the last answer of a host ended, if there is more of it.
    private var cuts: [String: Int] = [:]
    /// Rises whenever something has changed that is older than `news`. Browsers that already have the hour must be sent
    /// it again.
    private(set) var revision = 0

    /// From which second on a host is to be asked.
    func after(_ host: String) -> Int {
        cuts[host] ?? (rings[host]?.now).map { max(0, $0 - Self.overlapSeconds) } ?? 0
    }

    /// - Parameters:
    ///   - host: who was asked. An agent speaks for its own host alone.
    ///   - own: what this machine's clock shows.
    mutating func take(_ timeline: HostTimeline, of host: String, at own: Int) {
        // A host whose clock is an hour away has nothing of this hour, and its seconds would end the hour of all
        // others.
        rings = rings.filter { Self.isNear($0.value.now, own) }
        guard Self.isNear(timeline.now, own) else { return }
        let news = news
        var ring = rings[host] ?? TrafficRing()
        // A clock that was set back takes seconds back.
        var isRevised = ring.now.map { timeline.now < $0 } ?? false
        ring.advance(to: timeline.now)
        for second in timeline.seconds {
            let before = second.at <= news ? ring.known(second.at) : nil
            ring.take(second)
            if second.at <= news, ring.known(second.at) != before { isRevised = true }
        }
        rings[host] = ring
        cuts[host] = timeline.until
        if isRevised { revision += 1 }
    }

    private static func isNear(_ second: Int?, _ own: Int) -> Bool {
        second.map { (own - TrafficRing.hour...own + TrafficRing.hour).contains($0) } ?? false
    }

    /// Forgets hosts that have left the stack.
    mutating func keep(_ hosts: [String]) {
        rings = rings.filter { hosts.contains($0.key) }
        cuts = cuts.filter { hosts.contains($0.key) }
    }

    /// The oldest first.
    func points(after: Int) -> [PagePoint] {
        var seconds: [Int: [TrafficSecond]] = [:]
        for ring in rings.values {
            for second in ring.seconds(after: after) { seconds[second.at, default: []].append(second) }
        }
        return seconds.sorted { $0.key < $1.key }.map { Self.point(at: $0.key, $0.value) }
    }

    private static func point(at second: Int, _ parts: [TrafficSecond]) -> PagePoint {
        let counted = parts.filter { $0.requests != nil }
        var histogram = TimeHistogram()
        for part in parts { histogram.add(part.times ?? []) }
        return PagePoint(
            at: second, requests: counted.isEmpty ? nil : counted.compactMap(\.requests).reduce(0, +),
            errors: counted.isEmpty ? nil : counted.compactMap(\.errors).reduce(0, +),
            p50: histogram.percentile(0.5), p99: histogram.percentile(0.99))
    }

    /// The newest second that any host has counted.
    var now: Int { rings.values.compactMap(\.now).max() ?? 0 }

    /// What comes after this second may still change each second: hosts' clocks differ, and logs are late.
    var news: Int {
        guard let slowest = rings.values.compactMap(\.now).min() else { return .max }
        return max(slowest, now - Self.skewSeconds) - 2 * Self.overlapSeconds
    }
}

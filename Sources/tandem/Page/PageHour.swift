import TandemTopology

/// The last hour of a whole stack, put together from what each host counted. A value.
struct PageHour: Sendable {
    /// Agents are asked again for so many seconds: nginx writes its log up to a second late.
    static let overlapSeconds = 5

    private var rings: [String: TrafficRing] = [:]

    /// From which second on a host is to be asked.
    func after(_ host: String) -> Int { (rings[host]?.now).map { max(0, $0 - Self.overlapSeconds) } ?? 0 }

    mutating func take(_ timeline: HostTimeline) {
        var ring = rings[timeline.host] ?? TrafficRing()
        ring.advance(to: timeline.now)
        for second in timeline.seconds { ring.take(second) }
        rings[timeline.host] = ring
    }

    /// Forgets hosts that have left the stack.
    mutating func keep(_ hosts: [String]) { rings = rings.filter { hosts.contains($0.key) } }

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
}

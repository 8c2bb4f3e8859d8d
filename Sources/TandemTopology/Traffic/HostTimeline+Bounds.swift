extension HostTimeline {
    /// Seconds in one answer. The largest that there can be have 3.3 KB each in JSON, so that an answer stays below the
    /// 4 MiB that a client takes.
    public static let mostSeconds = 600
    /// Events of a host that are kept.
    public static let mostEvents = 200

    /// What an agent answers.
    /// - Parameter after: what is older is left out.
    public init(host: String, ring: TrafficRing, events: [HostEvent], after: Int) {
        let now = ring.now ?? 0
        let seconds = ring.seconds(after: after, most: Self.mostSeconds)
        self.init(
            host: host, now: now, seconds: seconds,
            events: events.filter { $0.at > max(after, now - TrafficRing.hour) }.suffix(Self.mostEvents),
            until: seconds.count == Self.mostSeconds ? seconds.last?.at : nil)
    }

    /// What an agent said, as far as it can be true. One that is broken, or that somebody has taken over, may say
    /// anything.
    public var bounded: HostTimeline {
        HostTimeline(
            host: host, now: now, seconds: seconds.suffix(TrafficRing.hour).map(\.bounded),
            events: events.suffix(Self.mostEvents).filter { TrafficRing.clockRange.contains($0.at) }.map(\.bounded),
            until: until)
    }
}

extension TrafficSecond {
    /// What the numbers are, the ring bounds.
    fileprivate var bounded: TrafficSecond {
        guard let times, times.count > TimeClasses.count else { return self }
        var second = self
        second.times = Array(times.prefix(TimeClasses.count))
        return second
    }
}

extension HostEvent {
    /// Unicode scalars, since a single character may have any number of them.
    private static let longestDetail = 300

    public static func bounded(detail: String) -> String {
        String(String.UnicodeScalarView(detail.unicodeScalars.prefix(longestDetail)))
    }

    fileprivate var bounded: HostEvent {
        HostEvent(at: at, kind: kind, service: service.map(Self.bounded), detail: detail.map(Self.bounded))
    }
}

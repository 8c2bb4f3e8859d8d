/// What one host counted in one second.
public struct TrafficSecond: Codable, Sendable, Equatable {
    /// How many requests took how long.
    public struct Time: Codable, Sendable, Equatable {
        /// The longest time of the class that they are in.
        public var milliseconds: Int
        public var count: Int

        public init(milliseconds: Int, count: Int) {
            self.milliseconds = milliseconds
            self.count = count
        }

        enum CodingKeys: String, CodingKey {
            case milliseconds = "ms"
            case count = "n"
        }
    }

    /// Since 1970, by the host's clock.
    public var at: Int
    /// Requests that users sent to this host's balancer; nil where the host has none, or its agent did not count in
    /// that second.
    public var requests: Int?
    /// Of these, answers of 500 and above.
    public var errors: Int?
    /// Of requests that this host's web server finished; nil where there were none.
    public var times: [Time]?

    public init(at: Int, requests: Int? = nil, errors: Int? = nil, times: [Time]? = nil) {
        self.at = at
        self.requests = requests
        self.errors = errors
        self.times = times
    }
}

/// Something that happened on a host, to a service or to the host's settings.
public struct HostEvent: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        /// A service ended by itself and is started again.
        case ended
        /// A service was restarted because it was asked for: `tandem restart`, a new version of the app, other
        /// settings.
        case restarted
        /// A service is given up for the moment.
        case failed
        /// A service that had failed runs again.
        case recovered
        /// The host was given other settings.
        case settings
    }

    /// Since 1970, by the host's clock.
    public var at: Int
    public var kind: Kind
    /// As in `ServiceStatus`; nil where it is about the host.
    public var service: String?
    /// Why, in one line, where something is known.
    public var detail: String?

    public init(at: Int, kind: Kind, service: String?, detail: String? = nil) {
        self.at = at
        self.kind = kind
        self.service = service
        self.detail = detail
    }
}

/// What an agent answers on `/timeline`: what it has counted and seen within the last hour.
public struct HostTimeline: Codable, Sendable, Equatable {
    public var host: String
    /// The second in which it answers, which is not over and not among `seconds`.
    public var now: Int
    /// The oldest first. Seconds of which nothing is known are missing.
    public var seconds: [TrafficSecond]
    /// The oldest first.
    public var events: [HostEvent]
    /// The answer ends with this second, and there are more: the next question is to be for what comes after it. nil:
    /// there are none.
    public var until: Int?

    public init(host: String, now: Int, seconds: [TrafficSecond], events: [HostEvent], until: Int? = nil) {
        self.host = host
        self.now = now
        self.seconds = seconds
        self.events = events
        self.until = until
    }
}

/// What an agent answers on `/statistics`: counters of its host's services. They only grow until a service starts
/// anew; what happens in a second is the difference of two answers.
public struct HostStatistics: Codable, Sendable, Equatable {
    public var host: String
    /// On a clock of this host's own that never jumps, so that differences of counters become rates.
    public var clockSeconds: Double
    public var processes: [ProcessUse]
    /// Where the host has the role balancer, and its HAProxy answers.
    public var balancer: [TrafficCounters]?
    /// Where the host has the role app, and its database router answers.
    public var router: [TrafficCounters]?
    /// Where the host has the role database, and its mysqld answers.
    public var database: DatabaseCounters?

    public init(
        host: String, clockSeconds: Double, processes: [ProcessUse], balancer: [TrafficCounters]? = nil,
        router: [TrafficCounters]? = nil, database: DatabaseCounters? = nil
    ) {
        self.host = host
        self.clockSeconds = clockSeconds
        self.processes = processes
        self.balancer = balancer
        self.router = router
        self.database = database
    }

    enum CodingKeys: String, CodingKey {
        case host, processes, balancer, router, database
        case clockSeconds = "clock_seconds"
    }
}

/// What the processes of one service use together.
public struct ProcessUse: Codable, Sendable, Equatable {
    /// As in `ServiceStatus`.
    public var service: String
    /// Of processor time, since they were started.
    public var cpuSeconds: Double
    /// Pages that processes share are counted once for each.
    public var residentBytes: Int

    public init(service: String, cpuSeconds: Double, residentBytes: Int) {
        self.service = service
        self.cpuSeconds = cpuSeconds
        self.residentBytes = residentBytes
    }

    enum CodingKeys: String, CodingKey {
        case service
        case cpuSeconds = "cpu_seconds"
        case residentBytes = "resident_bytes"
    }
}

/// One line of HAProxy's own statistics.
public struct TrafficCounters: Codable, Sendable, Equatable {
    /// The sections in which a balancer has the web servers: `tunnels` for WebSockets, `web` for all other requests.
    public static let webSections: Set = ["web", "tunnels"]

    /// The section of its configuration, such as `front`, `web`, `write` or `read`.
    public var section: String
    /// The host that requests go to; nil for the section as a whole.
    public var server: String?
    /// Requests, or sessions where it speaks TCP.
    public var requests: Int
    /// Answers of 500 and above, and connections that failed.
    public var errors: Int
    /// Open right now.
    public var connections: Int
    /// Until the answer began, on average over the last 1024 requests; nil where it is not measured.
    public var responseMilliseconds: Int?

    public init(
        section: String, server: String?, requests: Int, errors: Int, connections: Int, responseMilliseconds: Int?
    ) {
        self.section = section
        self.server = server
        self.requests = requests
        self.errors = errors
        self.connections = connections
        self.responseMilliseconds = responseMilliseconds
    }

    enum CodingKeys: String, CodingKey {
        case section, server, requests, errors, connections
        case responseMilliseconds = "response_milliseconds"
    }
}

/// mysqld's own counters.
public struct DatabaseCounters: Codable, Sendable, Equatable {
    /// Statements that clients sent.
    public var statements: Int
    /// Open right now.
    public var connections: Int
    /// How many may be open; nil where an earlier version answers.
    public var connectionsLimit: Int?

    public init(statements: Int, connections: Int, connectionsLimit: Int? = nil) {
        self.statements = statements
        self.connections = connections
        self.connectionsLimit = connectionsLimit
    }

    enum CodingKeys: String, CodingKey {
        case statements, connections
        case connectionsLimit = "connections_limit"
    }
}

/// What an agent answers on `/status`: its host's services, and its database where it has one.
public struct HostStatus: Codable, Sendable, Equatable {
    public var host: String
    /// The agent's process.
    public var pid: Int32
    public var services: [ServiceStatus]
    public var database: DatabaseMember?
    /// Which version of its settings the host was given: a fingerprint.
    public var version: String?
    /// Whether every service has served with the settings of that version, and nothing is left of earlier ones.
    public var isSettled: Bool?
    /// The app's scheduled jobs, as this host knows them; missing where it runs none.
    public var jobs: [JobStatus]?
    /// Where something that is not of the stack listens for other hosts; missing on hosts of one machine.
    public var strangePorts: [StrangePort]?
    /// What of another host, and not of the stack, answers this one; missing where nothing does.
    public var strangeAnswers: StrangeAnswers?

    public init(
        host: String, pid: Int32, services: [ServiceStatus], database: DatabaseMember?, version: String? = nil,
        isSettled: Bool? = nil, jobs: [JobStatus]? = nil, strangePorts: [StrangePort]? = nil,
        strangeAnswers: StrangeAnswers? = nil
    ) {
        self.host = host
        self.pid = pid
        self.services = services
        self.database = database
        self.version = version
        self.isSettled = isSettled
        self.jobs = jobs
        self.strangePorts = strangePorts
        self.strangeAnswers = strangeAnswers
    }

    enum CodingKeys: String, CodingKey {
        case host, pid, services, database, version, jobs
        case isSettled = "is_settled"
        case strangePorts = "strange_ports"
        case strangeAnswers = "strange_answers"
    }
}

/// One service on one host.
public struct ServiceStatus: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable {
        case starting
        case running
        case failed
        case stopped
        /// Of a worker that one host at a time runs: not here.
        case waiting

        /// Whether this is how a service of a stack that runs should be.
        public var isHealthy: Bool { self == .running || self == .waiting }
    }

    /// `haproxy`, `nginx`, `app`, `router`, `mysql`; further instances of the app are `app-2`, `app-3`, ….
    public var name: String
    public var state: State
    public var pid: Int32?
    /// The first listener, `ADDRESS:PORT`.
    public var address: String
    /// When it came into its state, ISO 8601 in UTC.
    public var since: String
    /// Times that it was started again after it had ended by itself.
    public var restarts: Int
    /// What it is waiting for, or why it failed.
    public var detail: String?

    public init(
        name: String, state: State, pid: Int32? = nil, address: String, since: String, restarts: Int = 0,
        detail: String? = nil
    ) {
        self.name = name
        self.state = state
        self.pid = pid
        self.address = address
        self.since = since
        self.restarts = restarts
        self.detail = detail
    }
}

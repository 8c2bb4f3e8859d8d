/// A stack at one moment, as its agents tell.
public struct StackLook: Codable, Sendable, Equatable {
    public struct Service: Codable, Sendable, Equatable {
        public var name: String
        public var pid: Int32?
        public var isRunning: Bool

        public init(name: String, pid: Int32?, isRunning: Bool) {
            self.name = name
            self.pid = pid
            self.isRunning = isRunning
        }
    }

    public struct Host: Codable, Sendable, Equatable {
        public var name: String
        /// nil while the agent does not answer.
        public var agent: Int32?
        public var services: [Service]

        public init(name: String, agent: Int32?, services: [Service]) {
            self.name = name
            self.agent = agent
            self.services = services
        }
    }

    /// Everything runs, and writes are acknowledged by as many servers as they are meant to be.
    public var isWhole: Bool
    public var hosts: [Host]
    public var keeper: Int32?
    public var primary: String?
    /// One word for what the stack is, such as `degraded`.
    public var state: String
    /// The primary can be changed as planned.
    public var canSwitchOver: Bool
    /// Of hosts whose data lies on a small disk of its own: where.
    public var ownDisks: [String: String] = [:]
    /// Each host is a machine of its own, whose systemd keeps the agent: there is no keeper.
    public var areMachines = false

    public init(
        isWhole: Bool, hosts: [Host], keeper: Int32?, primary: String?, state: String, canSwitchOver: Bool = false
    ) {
        self.canSwitchOver = canSwitchOver
        self.isWhole = isWhole
        self.hosts = hosts
        self.keeper = keeper
        self.primary = primary
        self.state = state
    }

    public func pid(of part: Part) -> Int32? {
        switch part {
        case .keeper: keeper
        case .agent(let host): hosts.first { $0.name == host }?.agent
        case .service(let name, let host):
            hosts.first { $0.name == host }?.services.first { $0.name == name }?.pid
        }
    }

    /// The hosts that run a service.
    public func hosts(of service: String) -> [String] {
        hosts.filter { $0.services.contains { $0.name == service && $0.isRunning } }.map(\.name)
    }

    /// All that a host's loss takes away.
    public func parts(of host: String) -> [Part] {
        let services = hosts.first { $0.name == host }?.services ?? []
        return [.agent(host)] + services.map { .service($0.name, host: host) }
    }

    public var allParts: [Part] { [.keeper] + hosts.flatMap { parts(of: $0.name) } }
}

/// One process of a stack that a fault can strike.
public enum Part: Hashable, Sendable, CustomStringConvertible {
    case service(String, host: String)
    case agent(String)
    case keeper

    public var description: String {
        switch self {
        case .service(let name, let host): "\(host)/\(name)"
        case .agent(let host): "\(host)/agent"
        case .keeper: "keeper"
        }
    }
}

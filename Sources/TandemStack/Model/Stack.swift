/// All that one `tandem.yaml` declares: typed, validated, defaults filled in.
///
/// Every value in here is final: nothing downstream guesses a default or checks a range again.
public struct Stack: Codable, Sendable, Equatable {
    /// The stack's name: a DNS label, 1 to 32 characters.
    public var name: String
    /// The name that users type into a browser; `localhost` unless told otherwise.
    public var domain: String
    /// The hosts in the order of the file. The order matters: the first database host is the first primary.
    public var hosts: [Host]
    public var balancer: Balancer
    public var web: Web
    public var app: App
    public var database: Database
    public var engines: Engines
    public var firewall: Firewall?
    public var front: Front?
    /// nil: nothing watches the stack. As it is where an earlier version has applied it.
    public var monitoring: Monitoring?
    /// What the stack file is called, without its folder: it is served to nobody. nil where it did not come from a
    /// file.
    public var fileName: String?
    /// Only the command line reads it: it is no part of what is applied, so that changing it changes nothing of what
    /// runs.
    public var drill = Drill()
    /// How the operator's machine reaches the hosts: no part of what is applied either.
    public var ssh = SSHAccess()

    private enum CodingKeys: String, CodingKey {
        case name, domain, hosts, balancer, web, app, database, engines, firewall, front, monitoring, fileName
    }

    public init(
        name: String, domain: String, hosts: [Host], balancer: Balancer, web: Web, app: App,
        database: Database, engines: Engines, fileName: String? = nil, drill: Drill = Drill(),
        ssh: SSHAccess = SSHAccess(), firewall: Firewall? = nil, front: Front? = nil, monitoring: Monitoring? = nil
    ) {
        self.name = name
        self.domain = domain
        self.hosts = hosts
        self.balancer = balancer
        self.web = web
        self.app = app
        self.database = database
        self.engines = engines
        self.fileName = fileName
        self.drill = drill
        self.ssh = ssh
        self.firewall = firewall
        self.front = front
        self.monitoring = monitoring
    }

    /// The parts of the stack know each other by names below this one; no user's name is among them.
    public var internalDomain: String { Self.internalDomain(stack: name) }

    public static func internalDomain(stack: String) -> String { "\(stack).tandem.internal" }

    /// The hosts that have a role, in the order of the file.
    public func hosts(_ role: Role) -> [Host] {
        hosts.filter { $0.roles.contains(role) }
    }

    /// The address that users see.
    public var url: String {
        let port = balancer.httpsPort.number
        // `localhost` is another machine to everybody else.
        let name = domain == "localhost" ? shownAddress ?? domain : domain
        return port == 443 ? "https://\(name)" : "https://\(name):\(port)"
    }

    /// Whether every host lies in 127.0.0.0/8, so that the whole stack runs on this one machine.
    public var isOnThisMachine: Bool {
        hosts.allSatisfy(\.isOnLoopback)
    }
}

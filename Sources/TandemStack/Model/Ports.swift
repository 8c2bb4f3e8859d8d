/// The ports that Tandem gives out, the same on every host. The front's are in the stack file.
public enum Ports {
    /// HAProxy: Prometheus metrics and a plain health page.
    public static let balancerMetrics = 8404
    /// nginx: what the balancers call, TLS.
    public static let web = 4443
    /// nginx: this host's own app for the other web servers, TLS.
    public static let appDoor = 4444
    /// The first instance of the app; further ones count up. Loopback only.
    public static let app = 3000
    /// The database router: writes (the primary). Loopback only.
    public static let routerWrite = 6446
    /// The database router: reads (primary and replicas). Loopback only.
    public static let routerRead = 6447
    public static let mysql = 3306
    /// mysqld's administrative interface, which answers at max_connections too. Loopback only.
    public static let mysqlAdmin = 33062
    /// etcd: what agents call, TLS.
    public static let store = 2379
    /// etcd: what its other members call, TLS.
    public static let storePeer = 2380
    /// The agent's API, HTTPS.
    public static let agent = 8007
    /// The agent's word on who is primary, for the host's own app: plain HTTP, no certificate. Loopback only.
    public static let agentTopology = 8009
    /// The agent's verdicts for the router (HAProxy `agent-check`). Loopback only.
    public static let agentCheck = 8008

    /// Prometheus, HTTPS.
    public static let prometheus = 9090
    /// Alertmanager's API, HTTPS.
    public static let alertmanager = 9093
    /// Alertmanager: what the other ones call, TLS.
    public static let alertmanagerPeer = 9094

    /// A port that Tandem uses, and what for.
    public struct Reserved: Sendable, Equatable {
        public var port: Int
        public var user: String
    }

    /// All of the above that every stack uses.
    public static let reserved = [
        Reserved(port: balancerMetrics, user: "HAProxy's metrics"),
        Reserved(port: web, user: "nginx"),
        Reserved(port: appDoor, user: "nginx's door to this host's app"),
        Reserved(port: app, user: "the app"),
        Reserved(port: routerWrite, user: "the database router's writes"),
        Reserved(port: routerRead, user: "the database router's reads"),
        Reserved(port: mysql, user: "MySQL"),
        Reserved(port: mysqlAdmin, user: "MySQL's administrative interface"),
        Reserved(port: store, user: "etcd"),
        Reserved(port: storePeer, user: "etcd's other members"),
        Reserved(port: agent, user: "the agent"),
        Reserved(port: agentCheck, user: "the agent's verdicts"),
        Reserved(port: agentTopology, user: "the agent's word on who is primary"),
    ]

    /// Those of stacks that are watched.
    public static let reservedForMonitoring = [
        Reserved(port: prometheus, user: "Prometheus"),
        Reserved(port: alertmanager, user: "Alertmanager"),
        Reserved(port: alertmanagerPeer, user: "other monitors' Alertmanager"),
    ]

    /// How many instances of the app fit between its first port and the next port that is taken.
    public static let appInstanceLimit = (reserved.map(\.port).filter { $0 > app }.min() ?? 65536) - app
}

/// A process of the app beside the one that serves requests, such as one that takes jobs from a queue.
public struct Worker: Codable, Sendable, Equatable {
    /// On which app hosts it runs.
    public enum Placement: String, Codable, Sendable, CaseIterable {
        /// On each of them.
        case all
        /// On one of them at a time.
        case one
    }

    /// As in `status`, `logs` and `restart`: no service's and no host's name.
    public var name: String
    /// The command line, given to `/bin/sh -c`.
    public var run: String
    public var stopSignal: App.StopSignal
    /// How long it may take to finish what it has begun after `stopSignal`; then SIGKILL.
    public var stopTimeoutSeconds: Int
    public var placement: Placement

    public init(
        name: String, run: String, stopSignal: App.StopSignal = .term, stopTimeoutSeconds: Int,
        placement: Placement = .all
    ) {
        self.name = name
        self.run = run
        self.stopSignal = stopSignal
        self.stopTimeoutSeconds = stopTimeoutSeconds
        self.placement = placement
    }

    /// A stack may have been applied by a version of Tandem that ran each of them on every app host.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name), run: try values.decode(String.self, forKey: .run),
            stopSignal: try values.decode(App.StopSignal.self, forKey: .stopSignal),
            stopTimeoutSeconds: try values.decode(Int.self, forKey: .stopTimeoutSeconds),
            placement: try values.decodeIfPresent(Placement.self, forKey: .placement) ?? .all)
    }

    /// The most of them that a stack has.
    public static let most = 20

    /// What else commands, logs and records know by a name.
    private static let reserved: Set<String> = [
        "agent", "applied", "database", "job", "jobs", "keeper", "placement", "prepare", "web", "workers",
    ]
    /// Names that begin with one of these and a hyphen belong to them, as `app-2` and `nginx-access` do.
    private static let services = [
        "alertmanager", "app", "etcd", "haproxy", "keepalived", "mysql", "nginx", "prometheus", "router",
    ]

    /// The name of a worker for what is called so elsewhere; nil where there is none.
    public static func name(like text: String) -> String? {
        guard let name = Grammar.label(like: text), name.utf8.count <= Grammar.workerNameLimit, !isReserved(name) else {
            return nil
        }
        return name
    }

    public static func isReserved(_ name: String) -> Bool {
        reserved.contains(name) || services.contains { name == $0 || name.hasPrefix("\($0)-") }
    }
}

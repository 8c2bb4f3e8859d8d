/// The passwords of the users that Tandem makes in MySQL.
public struct DatabaseSecrets: Codable, Sendable, Equatable {
    /// root@localhost, over the unix socket: the agent and `tandem mysql`.
    public var root: String
    public var replication: String
    public var clone: String
    public var monitor: String
    /// The app's user, which may do all in its own database and nothing elsewhere.
    public var app: String
    /// The app's user that may only SELECT.
    public var appRead: String

    public init(root: String, replication: String, clone: String, monitor: String, app: String, appRead: String) {
        self.root = root
        self.replication = replication
        self.clone = clone
        self.monitor = monitor
        self.app = app
        self.appRead = appRead
    }
}

/// Names of the users that Tandem makes in MySQL, beside the app's.
public enum DatabaseUser {
    public static let root = "root"
    public static let replication = "tandem_replication"
    public static let clone = "tandem_clone"
    public static let monitor = "tandem_monitor"
}

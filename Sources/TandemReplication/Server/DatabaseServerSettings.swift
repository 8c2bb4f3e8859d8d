public import TandemFailover

/// What an agent needs to know to work on its own database server over SQL.
public struct DatabaseServerSettings: Sendable {
    /// Where a data host's server listens.
    public struct Address: Hashable, Sendable {
        public var address: String
        public var port: Int

        public init(address: String, port: Int) {
            self.address = address
            self.port = port
        }
    }

    /// The agent's own host.
    public var host: HostID
    public var names: HostNames
    /// Every data host's server, one's own among them.
    public var servers: [HostID: Address]
    public var socketPath: String
    /// The stack's CA.
    public var caFile: String
    /// The app's database and users, and the passwords of root, of the monitor and of copies.
    public var bootstrap: Bootstrap
    /// Of `tandem_agent`, whose sessions are those of agents alone.
    public var agentPassword: String
    /// Of `tandem_closer`, as whom an agent closes another host's server.
    public var closerPassword: String
    /// Of the account with which each data host replicates; MySQL takes 32 characters.
    public var replicationPasswords: [HostID: String]
    public var bounds = Bounds()

    /// How long a server may be silent.
    public struct Bounds: Sendable {
        /// To a look. Longer than the second for which a look may wait behind a lock.
        public var look = Duration.milliseconds(1_300)
        /// To one statement of a command. Longer than the reducer's patience, which ends the server with its statement.
        public var statement = Duration.seconds(8)
        /// To a heartbeat, whose commit may wait for an acknowledgement.
        public var heartbeat = Duration.seconds(5)
        /// To the question whether the source answers.
        public var source = Duration.milliseconds(500)
        /// How far behind its source a server may be for commits to wait for it, by what it has executed.
        public var close = Duration.seconds(5)
        /// The same by what it has received: they wait until it has the rest.
        public var reception = Duration.milliseconds(500)
        /// And it has executed what that had executed so long ago.
        public var execution = Duration.seconds(1)
        /// How long it may try to get within these two, before `close` is enough.
        public var catchUp = Duration.seconds(5)

        public init() {}
    }

    public init(
        host: HostID, names: HostNames, servers: [HostID: Address], socketPath: String, caFile: String,
        bootstrap: Bootstrap, agentPassword: String, closerPassword: String, replicationPasswords: [HostID: String]
    ) {
        self.host = host
        self.names = names
        self.servers = servers
        self.socketPath = socketPath
        self.caFile = caFile
        self.bootstrap = bootstrap
        self.agentPassword = agentPassword
        self.closerPassword = closerPassword
        self.replicationPasswords = replicationPasswords
    }

    var dataHosts: [HostID] { servers.keys.sorted() }

    func replicationUser(_ host: HostID) -> String {
        ReplicationAccount.user(names.name(host) ?? "\(host.index)")
    }
}

/// A command could not be carried out over SQL.
public struct DatabaseServerError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

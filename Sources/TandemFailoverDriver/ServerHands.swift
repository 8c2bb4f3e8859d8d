public import TandemCoordination
public import TandemFailover

/// Sets of transactions as MySQL writes them.
public struct ServerTransactions: Hashable, Sendable {
    /// `gtid_executed`.
    public var executed: String
    /// `gtid_purged`.
    public var purged: String

    public init(executed: String, purged: String) {
        self.executed = executed
        self.purged = purged
    }
}

/// What the driver does with the database server of its own host.
public protocol ServerHands: Sendable {
    /// One look. It always ends: of a server that does not answer in time it says so.
    /// - Parameter order: the look's number, given when it begins.
    func look(order: UInt64) async -> ServerObservation

    /// Whether the last look showed clients at work, or a server that is not as it should stay. Where it did not, the
    /// driver looks less often.
    var isInUse: Bool { get async }

    /// Carries one command out. Where its task is cancelled, a step of the agent's own is ended before this returns,
    /// and takes no effect afterwards; a statement may go on at the server.
    func run(_ command: ServerCommand) async -> CommandOutcome

    /// Before a planned change of primary: returns when no client is at work, or after a moment. Who connects anew is
    /// sent elsewhere meanwhile.
    func letClientsFinish() async

    /// Updates the heartbeat row, on a connection of its own.
    /// - Returns: whether its commit returned OK. It always ends.
    func heartbeat(epoch: UInt64) async -> Bool

    /// nil: the server does not answer.
    func transactions() async -> ServerTransactions?

    /// Numbers the sources of transactions as this agent does everywhere.
    func gtidSet(_ text: String) throws -> GTIDSet

    /// Notes beside the data, on disk, which stack this host is in, before the server follows or opens.
    func remember(cluster: ClusterID) async throws

    /// Says each time that the server's process has ended. For one reader.
    var processEnds: AsyncStream<Void> { get }
}

/// The failover's store, and what the agent adds to it.
public protocol FailoverStore: Sendable {
    /// Always ends; whatever is not certain is `unknown`.
    func answer(_ request: StoreRequest) async -> StoreAnswer

    /// Completes `history/EPOCH`, once.
    /// - Returns: whether it is known to be written.
    func complete(_ details: HistoryDetails, epoch: UInt64) async -> Bool

    /// An element for each change that the store tells of by itself. A hint, no more.
    func hints() -> AsyncStream<Void>
}

/// How agents talk to each other.
public protocol PeerChannel: Sendable {
    /// Sends to one host, and gives up in time: whatever is lost is said again.
    /// - Returns: nil where the message is not known to have arrived.
    func send(_ message: PeerMessage, to host: HostID) async -> PeerReply?
}

/// What an agent says to another one's message.
public struct PeerReply: Hashable, Sendable {
    /// Its own status, where the message was one and this was asked for.
    public var status: PeerStatus?

    public init(status: PeerStatus? = nil) { self.status = status }
}

extension ServerCommand {
    /// A step of the agent itself. One that the reducer gave up is ended before the next command begins. A statement
    /// that it gave up is ended with its server.
    var isOwnStep: Bool {
        switch self {
        case .startServer, .killServer, .stopServer, .inspect, .export, .cut, .clone: true
        default: false
        }
    }

    /// Lets the server follow, or lets somebody in: `init` has to be noted before.
    var needsCluster: Bool {
        switch self {
        case .startReceiver, .setAccess(.reading), .setAccess(.guarded), .setAccess(.writing): true
        default: false
        }
    }
}

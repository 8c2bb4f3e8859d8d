public import TandemFailover

/// What one look over SQL found.
public enum StatementsLook: Hashable, Sendable {
    /// All that the server tells by itself. What is not asked of the server (its process, the notes beside the data) is
    /// put in by whoever asked.
    /// - Parameter isInUse: see `ServerHands`.
    case seen(ServerObservation, isInUse: Bool)
    /// Error 1040.
    case crowded
    /// There is a server, and it does not answer in time.
    case silent
    /// Nobody listens, or not yet.
    case absent
}

/// What is done to a host's server over SQL, on connections that nobody else has.
public protocol ServerStatements: Sendable {
    /// Ends within about a second.
    func look() async -> StatementsLook
    func run(_ command: ServerCommand) async throws
    func heartbeat(epoch: UInt64) async -> Bool
    func transactions() async -> ServerTransactions?
    /// See `ServerHands`.
    func letClientsFinish() async
    /// Before an orderly stop: ends the connections over which others follow. They come back after a second.
    func disconnectReplicas() async
    /// Closes all connections: the server has ended, or the agent does.
    func disconnect() async
}

/// What is done to a host's data, its server up or down.
public protocol ServerData: Sendable {
    /// Makes new data where there is none.
    func prepare() async throws
    /// What is noted beside the data.
    func membership() -> (isFresh: Bool, attachedEpoch: UInt64)
    /// Nothing more can be written beside the data.
    func isDiskFull() -> Bool
    /// The waiting note, if there is one.
    func waiting() -> WaitingPair?
    func noteOpening() throws
    func noteAttaching(epoch: UInt64) throws
    func note(cluster: ClusterID) throws
    func noteWaiting(_ pair: WaitingPair, executed: String) throws
    func deleteWaiting() throws
    /// What is noted of the server's commits: they are on disk, unless a note says otherwise; and torn where that note
    /// is of an earlier start of the machine.
    func durability() -> (isDurable: Bool, isTorn: Bool)
    /// Before commits are answered that are not on disk.
    func noteUndurable() throws
    /// Once they are on disk before they are answered: writes down what was committed before, and deletes the note.
    func makeDurable() async throws
    /// With the server down, which starts with its commits on disk: the same, unless the data may be torn.
    func settleDurability() async throws
    /// Notes what the data began with, where that is not known yet.
    func noteBeginning(purged: String) throws
    /// - Parameter server: what the server says of itself; nil where it is down.
    func inspect(_ server: ServerTransactions?) async throws -> Inventory
    func export(_ transactions: GTIDSet) async throws
    func cut(_ transactions: GTIDSet) async throws
    /// Ended, with all that it started, when its task is cancelled.
    func clone(from host: HostID) async throws
    /// The data has joined: what it replaced is needed no more.
    func dropReplaced() async throws
    func gtidSet(_ text: String) throws -> GTIDSet
}

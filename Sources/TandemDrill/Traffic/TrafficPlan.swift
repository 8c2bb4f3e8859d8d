public import TandemStack

/// What a drill's visitors ask for, and how many of them.
public struct TrafficPlan: Sendable {
    /// Paths that are read in turn.
    public var reads: [String]
    public var write: Drill.Write?
    public var clients: Int
    /// Requests a second, of all clients together.
    public var rate: Double
    /// How long a visitor waits for an answer.
    public var patience: Duration
    /// How many are to write; nil: a quarter, since a write that waits must not keep anybody from reading.
    public var wantedWriters: Int?

    public init(
        reads: [String], write: Drill.Write?, clients: Int, rate: Double, patience: Duration, wantedWriters: Int? = nil
    ) {
        self.wantedWriters = wantedWriters
        self.reads = reads
        self.write = write
        self.clients = clients
        self.rate = rate
        self.patience = patience
    }

    /// Those that write.
    public var writers: Int { write == nil ? 0 : min(wantedWriters ?? max(1, clients / 4), clients) }

    /// From one request of a visitor to its next one.
    var interval: Duration { .seconds(Double(clients) / rate) }
}

/// One visitor's way to the stack: a connection that is kept, and cookies.
public protocol VisitorClient: Sendable {
    /// - Parameters:
    ///   - text: has to stand in the answer; nil: whatever the answer is.
    ///   - isAnew: over a new connection.
    func get(_ path: String, expecting text: String?, isAnew: Bool) async -> Attempt
    func post(_ path: String, body: String, contentType: String) async -> Attempt
    func shutdown() async
}

/// The stack's front, as visitors reach it.
public protocol FrontDoor: Sendable {
    func visitor() -> any VisitorClient
    /// One answer, for whoever settles the ledger.
    func fetch(_ path: String) async throws -> (status: Int, body: [UInt8])
}

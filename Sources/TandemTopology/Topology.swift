/// Who holds the data, and in what state: what an agent answers on `/topology`.
public struct Topology: Codable, Sendable, Equatable {
    /// How many members must have a commit before it is acknowledged.
    public enum Sync: String, Codable, Sendable {
        /// The primary acknowledges a commit after its partner has it on disk.
        case pair
        /// One data node alone.
        case solo
        /// The partner is away: writes wait for it, reads go on.
        case waiting
    }

    public var stack: String
    /// Rises by one with every change of primary.
    public var epoch: Int
    /// The primary's host.
    public var primary: String
    public var sync: Sync
    /// In the order of the stack file.
    public var members: [DatabaseMember]

    public init(stack: String, epoch: Int, primary: String, sync: Sync, members: [DatabaseMember]) {
        self.stack = stack
        self.epoch = epoch
        self.primary = primary
        self.sync = sync
        self.members = members
    }

    public func member(_ host: String) -> DatabaseMember? {
        members.first { $0.host == host }
    }

    /// The primary, where it is known to lead in this epoch; nil while the one that is named was replaced, and by whom
    /// is not known yet.
    public var leader: DatabaseMember? {
        guard let member = member(primary), member.role == .primary, member.epoch ?? epoch == epoch else { return nil }
        return member
    }

    /// The one to believe of what several agents say: of the highest epoch; of those, the primary's own.
    public static func believed(_ answers: [(host: String, topology: Topology)]) -> Topology? {
        answers.max { left, right in
            func rank(_ answer: (host: String, topology: Topology)) -> (Int, Int) {
                (answer.topology.epoch, answer.host == answer.topology.primary ? 1 : 0)
            }
            return rank(left) < rank(right)
        }?.topology
    }
}

/// One database host, as its own agent sees it.
public struct DatabaseMember: Codable, Sendable, Equatable {
    public enum Role: String, Codable, Sendable {
        case primary
        case replica
    }

    public enum State: String, Codable, Sendable {
        /// mysqld is not up yet.
        case starting
        /// Getting its first data: initialised, or copied from the primary.
        case provisioning
        /// A primary that takes reads, and writes that wait for the partner.
        case waiting
        /// A primary that takes and acknowledges writes.
        case open
        /// A replica that follows the primary.
        case streaming
        /// A replica that has lost the primary, or one that is the next primary and about to open: it still answers
        /// reads.
        case disconnected
        case stopped
        case failed
    }

    public var host: String
    /// Where clients reach its mysqld.
    public var address: String
    public var port: Int
    public var role: Role
    public var state: State
    /// The highest epoch that its agent knows of, and in which it has this role; nil from agents that count none.
    public var epoch: Int?
    /// How far a replica is behind, in seconds, by the primary's heartbeat; nil where it is not known. While it has
    /// lost a primary that takes no writes, what it was when it lost it.
    public var lagSeconds: Double?
    /// The replica that acknowledges this primary's commits; nil on replicas and out of a pair.
    public var partner: String?
    /// Why the state is what it is, when there is something to say.
    public var detail: String?
    /// true while the server is about to stop: who is there may finish, and new sessions go elsewhere.
    public var isClosing: Bool?

    public init(
        host: String, address: String, port: Int, role: Role, state: State, epoch: Int? = nil,
        lagSeconds: Double? = nil, partner: String? = nil, detail: String? = nil, isClosing: Bool? = nil
    ) {
        self.host = host
        self.address = address
        self.port = port
        self.role = role
        self.state = state
        self.epoch = epoch
        self.lagSeconds = lagSeconds
        self.partner = partner
        self.detail = detail
        self.isClosing = isClosing
    }

    /// Whether ordinary clients may read here, by this word alone; see `MemberWords` for what others' words make of it.
    public func servesReads(lagBoundSeconds: Double) -> Bool {
        if isClosing == true { return false }
        return switch state {
        case .open, .waiting: true
        // One that lost its primary, or takes its place, goes on: what it has is what was acknowledged, while nobody
        // writes elsewhere.
        case .streaming, .disconnected: (lagSeconds ?? .infinity) <= lagBoundSeconds
        case .starting, .provisioning, .stopped, .failed: false
        }
    }

    /// Whether ordinary clients may be sent here to write, by this word alone. A waiting primary counts: writes wait
    /// there for the partner rather than fail.
    public var takesWrites: Bool {
        role == .primary && (state == .open || state == .waiting) && isClosing != true
    }

    enum CodingKeys: String, CodingKey {
        case host, address, port, role, state, epoch, partner, detail
        case lagSeconds = "lag_seconds"
        case isClosing = "closing"
    }
}

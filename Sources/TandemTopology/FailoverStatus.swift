/// What an agent answers on `/failover`: who leads by etcd, and whether a failover would work now.
public struct FailoverStatus: Codable, Sendable, Equatable {
    public enum Standing: String, Codable, Sendable {
        /// The primary acknowledges alone. Nobody can be promoted.
        case alone
        /// The primary is making `partner` its partner.
        case joining
        /// What the primary acknowledges, `partner` has on disk. It alone can be promoted.
        case paired
    }

    /// The agent's host.
    public var host: String
    /// 0: nothing is known.
    public var epoch: Int
    /// nil: nothing is known.
    public var primary: String?
    public var standing: Standing?
    /// The partner, or who is to become it.
    public var partner: String?
    public var isPaused: Bool
    /// What keeps a failover from working now, in words; empty: it would work.
    public var blockers: [String]
    /// Where transactions lie that nobody acknowledged and that were taken out of this host's data, if there are any.
    public var exports: [String]
    /// Left on the disk of this host's data, in MB; missing where it holds none.
    public var roomMegabytes: Int?

    public init(
        host: String, epoch: Int, primary: String?, standing: Standing?, partner: String?, isPaused: Bool,
        blockers: [String], exports: [String], roomMegabytes: Int? = nil
    ) {
        self.roomMegabytes = roomMegabytes
        self.host = host
        self.epoch = epoch
        self.primary = primary
        self.standing = standing
        self.partner = partner
        self.isPaused = isPaused
        self.blockers = blockers
        self.exports = exports
    }

    enum CodingKeys: String, CodingKey {
        case host, epoch, primary, standing, partner, blockers, exports
        case isPaused = "paused"
        case roomMegabytes = "room_megabytes"
    }
}

/// One change of primary, as etcd keeps it.
public struct FailoverChange: Codable, Sendable, Equatable {
    public var epoch: Int
    public var primary: String
    /// nil: it was the first.
    public var previous: String?
    /// `founded`, `adopted`, `forced`, `switchover`, `server_down`, `primary_unheard`, `lease_lost`, `agent_gone` or
    /// `nothing_received`.
    public var cause: String
    /// When the new primary first suspected the old one, or was asked to take over, ISO 8601. Missing until it is open.
    public var detectedAt: String?
    /// `sealed`, `promoted`, `applied`, `opened`: milliseconds since then.
    public var steps: [String: Int]?
    /// The new primary's `gtid_executed`, just after it opened.
    public var executed: String?

    enum CodingKeys: String, CodingKey {
        case epoch, primary, previous, cause, steps, executed
        case detectedAt = "detected_at"
    }

    /// In the order in which they are taken.
    public static let stepNames = ["sealed", "promoted", "applied", "opened"]
}

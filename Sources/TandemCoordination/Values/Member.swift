/// One etcd of the cluster.
public struct Member: Hashable, Sendable {
    public var id: UInt64
    /// Empty for one that was added and has not started yet.
    public var name: String
    public var peerURLs: [String]
    public var clientURLs: [String]
    /// It receives everything and does not vote yet.
    public var isLearner: Bool

    public init(id: UInt64, name: String, peerURLs: [String], clientURLs: [String], isLearner: Bool) {
        self.id = id
        self.name = name
        self.peerURLs = peerURLs
        self.clientURLs = clientURLs
        self.isLearner = isLearner
    }
}

/// What a member says of itself.
public struct MemberStatus: Hashable, Sendable {
    public var header: AnswerHeader
    public var version: String
    /// The database file, and how much of it is in use: the difference is what a defragmentation gives back.
    public var databaseBytes: Int64
    public var usedBytes: Int64
    /// nil while there is none.
    public var leader: UInt64?
    public var appliedIndex: UInt64
    public var isLearner: Bool
    /// In etcd's words: alarms, a missing leader.
    public var errors: [String]

    public var isLeader: Bool { leader == header.memberID }
}

public struct Alarm: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// The space is used up: nothing is written until it is freed and the alarm is taken back.
        case noSpace
        /// The member's data is damaged.
        case corrupt
        case other(String)
    }

    public var member: UInt64
    public var kind: Kind

    public init(member: UInt64, kind: Kind) {
        self.member = member
        self.kind = kind
    }
}

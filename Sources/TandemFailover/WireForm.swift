/// How the failover's values are written in etcd, in messages between agents and beside the data. These forms are
/// frozen: agents of two versions read each other's while a change rolls through.

/// `{"epoch":3,"primary":"server1","standing":"paired","partner":"server2"}`
extension StateRecord: Codable {
    enum CodingKeys: String, CodingKey {
        case epoch, primary, standing, candidate, partner
    }

    private enum Word: String, Codable {
        case alone, joining, paired
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let standing: Standing =
            switch try values.decode(Word.self, forKey: .standing) {
            case .alone: .alone
            case .joining: .joining(try values.decode(HostID.self, forKey: .candidate))
            case .paired: .paired(try values.decode(HostID.self, forKey: .partner))
            }
        self.init(
            epoch: try values.decode(UInt64.self, forKey: .epoch),
            primary: try values.decode(HostID.self, forKey: .primary), standing: standing)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(epoch, forKey: .epoch)
        try values.encode(primary, forKey: .primary)
        switch standing {
        case .alone: try values.encode(Word.alone, forKey: .standing)
        case .joining(let candidate):
            try values.encode(Word.joining, forKey: .standing)
            try values.encode(candidate, forKey: .candidate)
        case .paired(let partner):
            try values.encode(Word.paired, forKey: .standing)
            try values.encode(partner, forKey: .partner)
        }
    }
}

/// `{"host":"server1","epoch":3}`
extension LeaderRecord {
    enum CodingKeys: String, CodingKey {
        case host, epoch
    }
}

/// `{"to":"server2","pause_budget_milliseconds":3000,"forced_at_revision":71}`: the id is the key's revision.
extension SwitchoverIntent: Codable {
    enum CodingKeys: String, CodingKey {
        case to
        case pauseBudget = "pause_budget_milliseconds"
        case forcedAtRevision = "forced_at_revision"
    }

    /// The id is 0: whoever read the key puts its modification revision in.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: 0, to: try values.decode(HostID.self, forKey: .to),
            pauseBudget: try values.decode(Milliseconds.self, forKey: .pauseBudget),
            forcedAtRevision: try values.decodeIfPresent(UInt64.self, forKey: .forcedAtRevision))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(to, forKey: .to)
        try values.encode(pauseBudget, forKey: .pauseBudget)
        try values.encodeIfPresent(forcedAtRevision, forKey: .forcedAtRevision)
    }
}

/// A word: `founded`, `adopted`, `forced`, or why the partner took over.
extension HistoryRecord.Cause: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        switch try container.decode(String.self) {
        case "founded": self = .founded
        case "adopted": self = .adopted
        case "forced": self = .forced
        default: self = .takenOver(try container.decode(TakeoverReason.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .founded: try container.encode("founded")
        case .adopted: try container.encode("adopted")
        case .forced: try container.encode("forced")
        case .takenOver(let reason): try container.encode(reason)
        }
    }
}

/// `server_down`, `primary_unheard` and so on.
extension TakeoverReason: Codable {}

/// `{"epoch":4,"primary":"server2","previous":"server1","cause":"server_down"}`
extension HistoryRecord {
    enum CodingKeys: String, CodingKey {
        case epoch, primary, previous, cause
    }
}

extension PeerStatus {
    enum CodingKeys: String, CodingKey {
        case epoch
        case stateRevision = "state_revision"
        case holdsData = "holds_data"
        case isFresh = "fresh"
        case serverAnswers = "server_answers"
        case takesCommits = "takes_commits"
        case followsClosely = "follows_closely"
        case acknowledges
        case willNotAcknowledge = "will_not_acknowledge"
        case handsOver = "hands_over"
        case isHeld = "held"
        case remembersStack = "remembers_stack"
        case hears
    }
}

/// `{"acknowledger":"server2","epoch":3}`
extension WaitingPair {
    enum CodingKeys: String, CodingKey {
        case acknowledger, epoch
    }
}

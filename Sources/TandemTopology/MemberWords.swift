/// What there was word of about the members, and what follows for those who send clients to them.
///
/// A word stands for as long as its agent cannot be asked, since a dead agent closes nothing. It does not stand against
/// a higher epoch: whoever led in an earlier one has been replaced, whatever was last heard of it.
public struct MemberWords: Sendable, Equatable {
    private var members: [String: DatabaseMember] = [:]
    /// The highest that anybody has told of. It never falls.
    public private(set) var epoch: Int

    /// - Parameter epoch: that is known of before the first word.
    public init(epoch: Int = 0) { self.epoch = epoch }

    public mutating func hear(_ member: DatabaseMember) {
        members[member.host] = member
        epoch = max(epoch, member.knownEpoch)
    }

    /// nil before the first word of it.
    public subscript(host: String) -> DatabaseMember? { members[host] }

    public var count: Int { members.count }

    /// Who leads in the highest epoch, by its own word; nil where nobody says so, or more than one does.
    public var primary: DatabaseMember? {
        let claims = members.values.filter { $0.role == .primary && $0.knownEpoch == epoch }
        return claims.count == 1 ? claims.first : nil
    }

    /// Whether clients may be sent to a host to write. A server that is about to stop takes them as long as they are
    /// there.
    public func takesWrites(_ host: String) -> Bool {
        guard var primary, primary.host == host else { return false }
        primary.isClosing = nil
        return primary.takesWrites
    }

    /// Whether clients may be sent to a host to read. A server that is about to stop takes them as long as they are
    /// there.
    public func servesReads(_ host: String, lagBoundSeconds: Double) -> Bool {
        guard var member = members[host] else { return false }
        member.isClosing = nil
        // Of an earlier epoch only a replica that streams has what is written now: to the others nothing comes any
        // more.
        guard member.knownEpoch == epoch || (member.role == .replica && member.state == .streaming) else {
            return false
        }
        return member.servesReads(lagBoundSeconds: lagBoundSeconds)
    }
}

extension DatabaseMember {
    /// Agents of older versions report no epoch: theirs is the founding one.
    public var knownEpoch: Int { epoch ?? Placement.foundingEpoch }

    /// This member with its epoch filled in.
    public var withKnownEpoch: DatabaseMember {
        var member = self
        member.epoch = knownEpoch
        return member
    }
}

/// Who leads: the primary, the partner that acknowledges its commits, and since when.
///
/// Nobody else guesses it. The rest of the program asks a placement, and never looks at the order of hosts in the stack
/// file itself.
public struct Placement: Codable, Sendable, Equatable {
    /// The epoch in which a stack begins.
    public static let foundingEpoch = 1

    public var epoch: Int
    public var primary: String
    /// nil: the primary stands alone (`solo`).
    public var partner: String?

    public init(epoch: Int, primary: String, partner: String?) {
        self.epoch = epoch
        self.primary = primary
        self.partner = partner
    }

    /// What an agent says.
    public init(_ topology: Topology) {
        self.init(
            epoch: topology.epoch, primary: topology.primary, partner: topology.member(topology.primary)?.partner)
    }

    /// How a stack with these database hosts (in the order of the stack file) begins: with the first one as primary and
    /// the second as its partner; further ones follow without acknowledging. nil without any.
    public static func founding(databaseHosts: [String]) -> Placement? {
        guard let first = databaseHosts.first else { return nil }
        return Placement(epoch: foundingEpoch, primary: first, partner: databaseHosts.dropFirst().first)
    }

    /// Who leads, by all that can be known of it. The highest epoch is right; of the same epoch, what agents say now is
    /// newer than what was written down.
    /// - Parameters:
    ///   - said: by an agent that runs; nil when none answers.
    ///   - recorded: on hosts, the last time that something ran.
    ///   - databaseHosts: in the order of the stack file, which says who a stack begins with.
    /// - Returns: nil where there is no database host.
    public static func known(said: Topology?, recorded: [Placement], databaseHosts: [String]) -> Placement? {
        let last = recorded.max { $0.epoch < $1.epoch }
        if let said, said.epoch >= last?.epoch ?? 0 { return Placement(said) }
        return last ?? founding(databaseHosts: databaseHosts)
    }
}

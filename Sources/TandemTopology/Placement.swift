/// Who leads: the primary, the partner that acknowledges its commits, and since when.
///
/// This is the one place that decides it. The first database host of the stack file is the primary and the second
/// its partner; further ones follow without acknowledging. The rest of the program asks a placement and never looks
/// at the order of hosts itself.
public struct Placement: Codable, Sendable, Equatable {
    public var epoch: Int
    public var primary: String
    /// nil: the primary stands alone (`solo`).
    public var partner: String?

    public init(epoch: Int, primary: String, partner: String?) {
        self.epoch = epoch
        self.primary = primary
        self.partner = partner
    }

    /// What a stack with these database hosts (in the order of the stack file) is to become; nil without any.
    public static func intended(databaseHosts: [String]) -> Placement? {
        guard let first = databaseHosts.first else { return nil }
        return Placement(epoch: 1, primary: first, partner: databaseHosts.dropFirst().first)
    }

    /// The same primary before its partner has joined.
    public var solo: Placement { Placement(epoch: epoch, primary: primary, partner: nil) }
}

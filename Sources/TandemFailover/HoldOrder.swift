/// An operator's word about a host's server: it is to be stopped, or no longer. The agent keeps the newest one beside
/// the data, so that an agent that starts anew knows it.
public struct HoldOrder: Hashable, Sendable, Codable {
    public var isHeld: Bool
    /// Orders are numbered where they are given. One that arrives after a later one is ignored: an agent that was
    /// frozen finds both when it thaws, on two connections, and may read them in either order.
    public var number: UInt64

    public init(isHeld: Bool, number: UInt64) {
        self.isHeld = isHeld
        self.number = number
    }

    /// What an agent knows before an operator has given any order about its host's server.
    public static let none = HoldOrder(isHeld: false, number: 0)
}

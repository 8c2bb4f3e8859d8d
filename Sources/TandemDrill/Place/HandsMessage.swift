/// What a drill asks of the part of it that is root. A line of JSON for each, and one for each answer.
enum HandsOrder: Codable, Sendable, Equatable {
    case limits
    case make(PlaceChange, boundSeconds: Int)
    case undo
}

struct HandsAnswer: Codable, Sendable, Equatable {
    var limits: PlaceLimits?
    /// How what was undone is known to have had an effect.
    var proof: String?
    /// Why it could not be done; then nothing of it is left.
    var failure: String?
}

/// What root knows of a stack by itself: whoever sends orders may not make it another one.
public struct HandsSetting: Sendable, Equatable {
    public var stack: String
    /// As whom the stack runs: nobody else's processes are touched.
    public var user: UInt32
    /// Of the stack's hosts, by their names: nobody else's connections are touched.
    public var addresses: [String: String]
    /// Each of these hosts is a machine of its own.
    public var areMachines: Bool

    public init(stack: String, user: UInt32, addresses: [String: String], areMachines: Bool = false) {
        self.areMachines = areMachines
        self.stack = stack
        self.user = user
        self.addresses = addresses
    }
}

public import TandemServices

/// Something that is done to a place, rather than to a process, until it is undone.
public enum PlaceChange: Codable, Sendable, Equatable {
    /// No packet passes between a host and the others any more.
    /// - Parameter processes: all that run on the host.
    case isolate(host: String, processes: [ProcessIdentity])
    /// No packet passes between these processes and other hosts, on connections that the processes have opened.
    case cutConnections(of: [ProcessIdentity])
}

/// Why some things cannot be done at a place; nil: they can.
public struct PlaceLimits: Codable, Sendable, Equatable {
    public var network: String?
    public var clock: String?
    public var power: String?

    public init(network: String?, clock: String?, power: String? = nil) {
        self.network = network
        self.clock = clock
        self.power = power
    }

    static let oneClock =
        "all hosts of this stack have this machine's clock, and Linux has none that is of some processes alone "
        + "(time namespaces move only the clocks that count from the boot)"

    /// Of this machine, for whoever is not root.
    public static let ordinaryUser = PlaceLimits(
        network: "only root can cut connections: put the stack file into a folder of root's, and run all of it as root",
        clock: oneClock)
}

/// Makes changes that take root, and undoes them: when told to, when their time is up, and when whoever asked for them
/// is gone.
public protocol PlaceHands: Sendable {
    /// - Parameter bound: after which it is undone, whatever happens.
    func make(_ change: PlaceChange, bound: Duration) async throws
    /// - Returns: how it is known to have had an effect.
    func undo() async throws -> String
}

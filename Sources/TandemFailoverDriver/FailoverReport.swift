public import TandemFailover

/// What the failover of one host tells the rest of its agent.
public struct FailoverReport: Hashable, Sendable {
    public enum Role: String, Hashable, Sendable {
        /// Nothing is known of the stack yet.
        case unknown
        case primary
        /// The primary's commits wait for this host, and it alone can be promoted.
        case partner
        /// The primary is making it its partner.
        case candidate
        case replica
        /// It holds no data.
        case witness
    }

    /// The newest `state` that the agent knows.
    public var record: StateRecord?
    public var role: Role
    public var life: ServerObservation.Life
    /// Whom the server lets in; nil where it does not answer.
    public var access: ServerObservation.Access?
    /// What keeps a failover from working now.
    public var readiness: FailoverReadiness
    /// An operator holds the server, and it is down.
    public var isStopped: Bool
    /// How this host last became the primary.
    public var change: ChangeTimes?

    public var epoch: UInt64 { record?.epoch ?? 0 }
    /// Clients may write here.
    public var takesWrites: Bool { role == .primary && access == .writing }
    /// Clients may read here.
    public var takesReads: Bool { access == .writing || access == .reading }

    init(_ machine: FailoverMachine, change: ChangeTimes?) {
        let configuration = machine.configuration
        record = machine.knownRecord
        role = Self.role(configuration, machine.knownRecord)
        life = machine.seenServer?.life ?? .down
        access = machine.seenServer.flatMap { $0.life == .up ? $0.access : nil }
        readiness = machine.readiness
        isStopped = machine.isStopped
        self.change = change
    }

    private static func role(_ configuration: FailoverConfiguration, _ record: StateRecord?) -> Role {
        guard configuration.dataHosts.contains(configuration.host) else { return .witness }
        guard let record else { return .unknown }
        if record.primary == configuration.host { return .primary }
        return switch record.standing {
        case .paired(configuration.host): .partner
        case .joining(configuration.host): .candidate
        default: .replica
        }
    }
}

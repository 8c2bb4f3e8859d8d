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
    /// Its receiver is connected to the primary.
    public var follows: Bool
    /// It was promoted, has applied all that was ever acknowledged, and opens next. Meanwhile it serves its readers.
    public var isAboutToOpen = false
    /// Writes wait for the partner's acknowledgement for longer than usual.
    public var doWritesWait: Bool
    /// It hands over to its partner, as planned.
    public var isHandingOver = false
    /// What is being done to the server; nil: nothing.
    public var command: ServerCommand?
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

    /// Of a server that is down, in a stack that nothing is known of.
    package init() {
        role = .unknown
        life = .down
        follows = false
        doWritesWait = false
        readiness = FailoverReadiness(blockers: [.storeUnknown])
        isStopped = false
    }

    init(_ machine: FailoverMachine, change: ChangeTimes?) {
        let configuration = machine.configuration
        record = machine.knownRecord
        role = Self.role(configuration, machine.knownRecord)
        life = machine.seenServer?.life ?? .down
        access = machine.seenServer.flatMap { $0.life == .up ? $0.access : nil }
        follows = machine.seenServer.map { $0.life == .up && $0.receiver == .connected } ?? false
        isAboutToOpen =
            role == .primary && access == .reading
            && machine.seenServer.map { $0.receiver == .off && $0.hasAppliedAll } ?? false
        doWritesWait = machine.doWritesWait
        isHandingOver = machine.isHandingOver
        command = machine.commandInHand
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

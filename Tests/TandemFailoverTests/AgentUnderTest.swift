import TandemFailover

/// An agent under test, its store and its server played by the test.
struct Agent {
    static let primary = HostID(0)
    static let partner = HostID(1)
    static let witness = HostID(2)

    var machine: FailoverMachine
    var now: Milliseconds = 0
    var log: [Action] = []

    init(_ host: HostID, cluster: ClusterID? = nil, hold: HoldOrder = .none) {
        // Steps of 500 ms are what most of these tests go by.
        var timing = Timing()
        timing.refreshInterval = 500
        machine = FailoverMachine(
            configuration: .init(
                host: host, dataHosts: HostSet(Self.primary, Self.partner),
                members: HostSet(Self.primary, Self.partner, Self.witness), timing: timing, cluster: cluster,
                hold: hold), startedAt: 0)
    }

    @discardableResult
    mutating func handle(_ event: Event) -> [Action] {
        var actions: [Action] = []
        machine.handle(event, at: now, into: &actions)
        log += actions
        return actions
    }

    /// The number of the last request of this kind that was made.
    func lastRefresh() -> UInt64? {
        log.reversed().lazy.compactMap { if case .store(let id, .refresh) = $0 { id } else { nil } }.first
    }

    func lastWrite() -> (id: UInt64, transaction: StateTransaction)? {
        log.reversed().lazy.compactMap { if case .store(let id, .write(let write)) = $0 { (id, write) } else { nil } }
            .first
    }

    func lastCommand() -> (id: UInt64, command: ServerCommand)? {
        log.reversed().lazy.compactMap { if case .server(let id, let command) = $0 { (id, command) } else { nil } }
            .first
    }

    /// Looks, and has its read answered.
    mutating func read(_ snapshot: StoreSnapshot, _ server: ServerObservation) {
        handle(.tick(server))
        if let id = lastRefresh() { handle(.storeAnswered(id: id, .read(snapshot))) }
    }

    /// The heartbeat that it wrote last has committed.
    mutating func commitHeartbeat() {
        let ids = log.compactMap { if case .heartbeat(let id) = $0 { id } else { nil } }
        if let id = ids.last { handle(.heartbeatCommitted(id: id)) }
    }

    /// The heartbeat that it wrote last, if that has neither committed nor failed as far as the agent knows.
    func lastHeartbeat() -> UInt64? {
        log.reversed().lazy.compactMap { if case .heartbeat(let id) = $0 { id } else { nil } }.first
    }

    mutating func finish(_ server: ServerObservation, _ outcome: CommandOutcome = .done) {
        if let id = lastCommand()?.id { handle(.commandFinished(id: id, outcome, server)) }
    }
}

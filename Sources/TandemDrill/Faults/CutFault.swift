import TandemServices

/// Connections are cut as when a cable is pulled: packets vanish, and nobody is told.
struct CutFault: Fault {
    enum Scope: Sendable, Equatable {
        /// All that goes to a host or comes from it.
        case host(String)
        /// What the processes have opened to other hosts.
        case connections
    }

    var name: String
    var event: String
    var promise: Promise
    var scope: Scope
    /// Whose connections they are.
    var parts: [Part]
    var needsOthers: [String]
    /// Why it cannot be done at this place.
    var limit: String?

    /// Nothing is ended.
    var victims: [Part] { [] }

    /// Longer than it takes to change the primary, and shorter than a keeper bears an agent that is silent.
    static let hold = Duration.seconds(12)
    private static let spare = Duration.seconds(20)

    static let sharedSocket =
        "the balancers of one machine take connections from one and the same socket, so that one which is cut off is "
        + "still reached by its users; on machines of their own it is not"

    private var host: String? {
        switch scope {
        case .host(let name): name
        case .connections: nil
        }
    }

    func obstacle(_ look: StackLook) -> String? { limit }

    func singlePoint(_ look: StackLook) -> String? { SinglePoint.words(needsOthers, host, look) }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        let processes = try await site.processes(of: parts)
        let all = processes.startersFirst.map(\.value)
        let change = host.map { PlaceChange.isolate(host: $0, processes: all) } ?? .cutConnections(of: all)
        try await site.place.make(change, bound: Self.hold + Self.spare)
        struck()
        try? await Task.sleep(for: Self.hold)
        // Also where the drill was told to stop.
        let proof = try await Task { try await site.place.undo() }.value
        try Task.checkCancellation()
        return Evidence(words: proof, struck: Struck())
    }
}

/// The clock of a host jumps.
struct ClockFault: Fault {
    let name = "move clock"
    let event = "The clock of a host jumps by an hour"
    let promise = Promise(writes: .uncut)
    let victims: [Part] = []
    var limit: String?

    func obstacle(_ look: StackLook) -> String? { limit ?? "nobody knows how to move a clock at this place" }

    func strike(_ site: FaultSite, struck: @Sendable () -> Void) async throws -> Evidence {
        throw DrillError("nobody knows how to move a clock at this place")
    }
}

import Glibc
import TandemBlueprint
import TandemServices

/// Who else listens where a service should. A value: shown the machine's sockets, again and again, it remembers which
/// were found to be the service's own.
struct StrangerWatch: Sendable {
    private let guards: [PortGuard]
    /// Sockets of the present process.
    private var own: Set<UInt64> = []
    /// In words; nil where there is nobody else.
    private(set) var stranger: String?

    /// - Parameter users: whose processes may be the service's.
    init(_ service: ServiceBlueprint, users: Set<UInt32>) {
        guards = service.listeners.map { PortGuard(address: $0.address, port: $0.port, users: users) }
    }

    /// Whether one of the sockets was not found to be the service's own yet.
    func isNew(among sockets: ListeningSockets) -> Bool {
        guards.contains { place in
            sockets.reached(by: place.address, place.port).contains { !own.contains($0.inode) }
        }
    }

    /// Another process was started in the place of the last one.
    mutating func begin() { own = [] }

    /// - Parameters:
    ///   - process: the service's; nil while none runs.
    ///   - seen: the sockets that its launcher sees it have open; nil: it has none, or we see them ourselves.
    ///   - isWanted: whether the service is to listen at all.
    /// - Returns: whether there is something new to say.
    mutating func look(
        among sockets: ListeningSockets, besides process: ProcessIdentity?, seen: Set<UInt64>? = nil, isWanted: Bool
    ) -> Bool {
        var found: String?
        for place in guards where isWanted && found == nil {
            found = place.stranger(among: sockets, besides: process, seen: seen, known: &own)
        }
        // One who has gone for a moment comes back in the next, while the port is free.
        if found == nil, isWanted, !isServed(among: sockets) { found = stranger }
        defer { stranger = found }
        return found != stranger
    }

    /// Whether one with the service's rights listens on each of its ports.
    func isServed(among sockets: ListeningSockets) -> Bool { guards.allSatisfy { $0.isServed(among: sockets) } }
}

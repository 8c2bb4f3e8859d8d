import TandemFailover

/// Right after a change of primary all clients write at once, and what prepares for the next change would slow them
/// down: it waits. Pure.
struct Settling: Hashable, Sendable {
    /// How long clients have the servers for themselves.
    static let time: Milliseconds = 250

    /// When this host's server took another one's place and opened, or another one took its.
    private var changedAt: Milliseconds?
    /// It has been named, and is not open yet.
    private var isAboutToOpen = false

    mutating func note(from old: FailoverReport, to new: FailoverReport, at now: Milliseconds) {
        let changesPlaces = (old.role == .primary) != (new.role == .primary) && old.role != .unknown
        if changesPlaces { isAboutToOpen = new.role == .primary }
        let opens = isAboutToOpen && new.takesWrites
        if opens { isAboutToOpen = false }
        if changesPlaces || opens { changedAt = now }
    }

    /// How long the command waits.
    func pause(before command: ServerCommand, at now: Milliseconds) -> Milliseconds {
        guard let changedAt, command.mayWaitForClients else { return 0 }
        return max(0, changedAt + Self.time - now)
    }
}

extension ServerCommand {
    /// The command prepares the primary for its next partner, or takes a former primary in again. No client waits for
    /// it.
    fileprivate var mayWaitForClients: Bool {
        switch self {
        case .admit, .stopApplier, .forgetSource, .inspect: true
        default: false
        }
    }
}

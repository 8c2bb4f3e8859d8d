import MySQLConnector
import Synchronization

/// How long one read or write has waited for a server, and for how much longer it may.
struct Hold: Sendable {
    let limit: Duration
    private(set) var since: ContinuousClock.Instant?
    private var backoff = Backoff(.milliseconds(10) ... .milliseconds(250))
    private(set) var lastError: (any Error)?

    init(limit: Duration) { self.limit = limit }

    /// - Parameter start: when what failed began, if it did nothing but wait since then.
    mutating func failed(_ error: any Error, since start: ContinuousClock.Instant) {
        lastError = error
        if since.map({ start < $0 }) ?? true { since = start }
    }

    mutating func begin() { if since == nil { since = .now } }

    var isOver: Bool { since.map { ContinuousClock.now - $0 >= limit } ?? false }

    /// How long to wait for news before trying again without.
    mutating func pause() -> Duration {
        begin()
        let left = limit - (since.map { ContinuousClock.now - $0 } ?? .zero)
        return min(backoff.pause(), left)
    }
}

extension MySQLCluster {
    enum Kind: String, Sendable { case read, write }

    /// Waits for news, or for a while.
    /// - Throws: when the time is up, too many wait already, or the cluster was shut down.
    func hold(_ hold: inout Hold, _ kind: Kind, rings: Int) async throws {
        try Task.checkCancellation()
        prober?.nudge()
        guard !hold.isOver else { throw exhausted(hold, kind) }
        try enterHold(kind)
        defer {
            state.withLock { state in
                if kind == .read { state.heldReads -= 1 } else { state.heldWrites -= 1 }
            }
        }
        await bell.wait(after: rings, for: hold.pause())
        try Task.checkCancellation()
    }

    private func enterHold(_ kind: Kind) throws {
        try state.withLock { state in
            guard state.phase != .closed else {
                throw MySQLError(code: .poolClosed, message: "the cluster has been shut down")
            }
            guard state.heldReads + state.heldWrites < configuration.maximumHeld else {
                throw MySQLError(
                    code: .poolQueueFull,
                    message: "\(configuration.maximumHeld) reads and writes wait for a server already")
            }
            if kind == .read { state.heldReads += 1 } else { state.heldWrites += 1 }
            state.heldTotal += 1
        }
    }

    /// Why nobody took it.
    func exhausted(_ hold: Hold, _ kind: Kind) -> MySQLError {
        let (view, phase) = state.withLock { ($0.routing.view, $0.phase) }
        var text = "no server took the \(kind.rawValue) within \(hold.limit)"
        if phase == .idle { text += "; the cluster is not running: call run()" }
        if let view {
            text += "; primary: \(view.primary ?? "not known")"
            if !view.takesWrites { text += ", takes no writes" }
            if let detail = view.detail { text += " (\(detail))" }
        } else {
            text += "; nobody has said yet which servers there are (\(configuration.topology.description))"
        }
        if let last = hold.lastError { text += "; the last attempt: \(last)" }
        return MySQLError(code: .noServer, message: text)
    }

    func recordHold(_ hold: Hold, _ kind: Kind) {
        guard let since = hold.since else { return }
        (kind == .read ? metrics.heldReads : metrics.heldWrites).record(ContinuousClock.now - since)
    }
}

extension MySQLClusterConfiguration.Topology: CustomStringConvertible {
    public var description: String {
        switch self {
        case .agent(let url): "the agent at \(url)"
        case .servers(let list): "the servers \(list.map { "\($0)" }.joined(separator: ", "))"
        }
    }
}

import TandemFailover

/// How far a replica is behind its source, by what the source said that it had executed. No clock but this host's own
/// is asked.
///
/// Commits of the source that begin to wait for this replica wait first for what it has not received yet. So it is
/// called close when it has received what its source had executed a moment ago, and has applied nearly as much: a
/// replica applies all that it has before it acknowledges anything. Where the source writes faster than the replica
/// applies, it never gets there, and would never be waited for; so after a while it is called close when it has
/// executed what its source had some seconds ago, and waiting for it slows the source down.
struct SourceDistance {
    typealias Instant = ContinuousClock.Instant

    /// The newest last.
    private var samples: [(at: Instant, executed: GTIDSet)] = []
    /// Since when it has been within the wider bound, and not within the narrow one.
    private var fartherSince: Instant?

    mutating func add(_ executed: GTIDSet, at now: Instant) { samples.append((now, executed)) }

    func hasSample(since begin: Instant) -> Bool { samples.last.map { $0.at >= begin } ?? false }

    /// - Parameters:
    ///   - executed: by this replica, as all that follows.
    ///   - received: in its relay logs; what is older may be missing.
    mutating func isClose(
        executed: GTIDSet, received: GTIDSet, at now: Instant, bounds: DatabaseServerSettings.Bounds
    ) -> Bool {
        samples.removeAll { now - $0.at > bounds.close }
        guard samples.contains(where: { executed.contains($0.executed) }) else {
            fartherSince = nil
            return false
        }
        let known = executed.union(received)
        let isReceived = samples.contains { now - $0.at <= bounds.reception && known.contains($0.executed) }
        if isReceived, samples.contains(where: { now - $0.at <= bounds.execution && executed.contains($0.executed) }) {
            fartherSince = nil
            return true
        }
        let since = fartherSince ?? now
        fartherSince = since
        return now - since >= bounds.catchUp
    }
}

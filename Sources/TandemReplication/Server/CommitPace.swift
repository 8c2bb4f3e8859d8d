import TandemFailover

/// Tells a server that clients write to, itself or by way of its source, from one that commits heartbeats alone.
struct CommitPace {
    typealias Instant = ContinuousClock.Instant

    private var last: (count: UInt64, at: Instant)?
    private var writtenAt: Instant?

    /// How long a server counts as written to after the last sign of it.
    static let memory = Duration.seconds(2)
    /// The least time from one heartbeat to the next.
    private static let heartbeat = Duration.milliseconds(Timing().heartbeatInterval)

    /// - Parameter count: of all transactions that it has executed; nil where that is not known.
    mutating func isWritten(count: UInt64?, at now: Instant) -> Bool {
        guard let count, let last else {
            self.last = count.map { ($0, now) }
            writtenAt = now
            return true
        }
        // One heartbeat may have begun before the last look.
        let heartbeats = 1 + ((now - last.at) / Self.heartbeat).rounded(.up)
        if count < last.count || Double(count - last.count) > heartbeats { writtenAt = now }
        self.last = (count, now)
        return writtenAt.map { now - $0 < Self.memory } ?? false
    }
}

import TandemTopology

/// When the changes of primary are to be read, which agents read from etcd for whoever asks. A value.
struct ChangesReading: Sendable {
    /// While nothing is known to have changed.
    static let interval = Duration.seconds(10)

    private var epoch = -1
    private var askedAt: ContinuousClock.Instant?
    /// Since the epoch has risen, without having learnt all of it. The new primary writes down some moments later when
    /// it was open.
    private var attempts = 0
    private var isWhole = false

    /// - Parameter epoch: the highest that any agent knows of.
    mutating func isDue(epoch newest: Int, now: ContinuousClock.Instant) -> Bool {
        let isRisen = newest > epoch
        if let askedAt, !isRisen, now - askedAt < pause { return false }
        if isRisen { (epoch, attempts, isWhole) = (newest, 0, false) }
        attempts += 1
        askedAt = now
        return true
    }

    /// - Parameter newest: the change that was read.
    mutating func hear(_ newest: FailoverChange?) {
        isWhole = newest.map { $0.epoch >= epoch && $0.steps?["opened"] != nil } ?? false
    }

    /// 1, 2, 4, 8 s, and then the interval: a change that was never completed is not asked for each second.
    private var pause: Duration { isWhole ? Self.interval : min(Self.interval, .seconds(1 << min(attempts - 1, 10))) }
}

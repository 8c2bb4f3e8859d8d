import TandemTopology

/// Has the host's counters read once for all who ask at about the same time: each reading logs in to mysqld and looks
/// at every process, and each command that shows the live page, or `top`, asks each second.
actor SharedStatistics {
    /// So long a reading is handed out again. Far below a second, so that who asks each second gets another one each
    /// time.
    static let age = Duration.milliseconds(500)

    private var last: (statistics: HostStatistics, at: ContinuousClock.Instant)?
    private var reading: Task<HostStatistics, Never>?

    /// - Parameter read: ends by itself.
    func value(
        at now: ContinuousClock.Instant = .now, _ read: @escaping @Sendable () async -> HostStatistics
    ) async -> HostStatistics {
        if let last, now - last.at < Self.age { return last.statistics }
        if let reading { return await reading.value }
        let task = Task { await read() }
        reading = task
        let statistics = await task.value
        reading = nil
        last = (statistics, now)
        return statistics
    }
}

/// Moments at which all who look at something again and again do so together, so that the processor wakes once for all.
public enum Ticks {
    private static let origin = ContinuousClock.now

    /// Sleeps until this process's age is a multiple of the interval: for that long at most.
    public static func next(every interval: Duration) async throws {
        let periods = ((ContinuousClock.now - origin) / interval).rounded(.down) + 1
        try await Task.sleep(until: origin + interval * periods, clock: .continuous)
    }
}

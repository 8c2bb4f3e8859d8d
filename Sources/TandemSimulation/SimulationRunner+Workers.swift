extension SimulationRunner {
    private static let block = 200

    /// The same on several cores, with the same result: blocks of seeds run side by side.
    ///
    /// - Parameters:
    ///   - workers: how many at once, at least 1.
    ///   - progress: called after each block, on the caller's task.
    /// - Throws: `CancellationError`.
    public func run(
        workers: Int, progress: (Progress) -> Void = { _ in }
    ) async throws -> SimulationSummary {
        var blocks = stride(from: 0, to: options.schedules, by: Self.block).makeIterator()
        var summary = SimulationSummary(options: options)
        try await withThrowingTaskGroup(of: SimulationSummary.self) { group in
            func startNext() {
                guard summary.failures.count < options.violationBound, let first = blocks.next() else { return }
                var part = self
                part.options.firstSeed = options.firstSeed &+ UInt64(first)
                part.options.schedules = min(Self.block, options.schedules - first)
                group.addTask { [part] in try part.run() }
            }
            for _ in 0..<max(1, workers) { startNext() }
            while let part = try await group.next() {
                summary.merge(part)
                let done = summary.schedules
                progress(.init(done: done, schedules: options.schedules, violations: summary.failures.count))
                startNext()
            }
        }
        summary.failures.sort { $0.seed < $1.seed }
        return summary
    }
}

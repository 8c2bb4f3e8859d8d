import TandemFailover

/// Drives the shipped reducer through schedules of faults, each drawn from a seed that replays it exactly.
public struct SimulationRunner: Sendable {
    public struct Options: Codable, Hashable, Sendable {
        /// How many schedules to run.
        public var schedules: Int = 1_000
        /// The first one's seed; the others follow on from it.
        public var firstSeed: UInt64 = 1
        public var topology = SimulationTopology.smallest
        /// In each schedule.
        public var faults: Int = 200
        /// Stop after so many failing schedules.
        public var violationBound: Int = 5
        /// Shrink each failing schedule and tell its story.
        public var explains: Bool = true

        public init() {}
    }

    public struct Progress: Sendable {
        public var done: Int
        public var schedules: Int
        public var violations: Int

        package init(done: Int, schedules: Int, violations: Int) {
            self.done = done
            self.schedules = schedules
            self.violations = violations
        }
    }

    public internal(set) var options: Options
    package var rules = Rules()
    package var serverDefects: ServerDefects = []

    public init(options: Options) { self.options = options }

    /// Runs on this task alone, on one core; `run(workers:)` takes more.
    ///
    /// - Parameter progress: called about every hundred schedules.
    /// - Throws: `CancellationError`.
    public func run(progress: (Progress) -> Void = { _ in }) throws -> SimulationSummary {
        var summary = SimulationSummary(options: options)
        var world = World(topology: options.topology, rules: rules, serverDefects: serverDefects)
        for index in 0..<options.schedules {
            if index % 100 == 0 {
                try Task.checkCancellation()
                progress(.init(done: index, schedules: options.schedules, violations: summary.failures.count))
            }
            let seed = options.firstSeed &+ UInt64(index)
            runOne(seed, in: &world)
            summary.add(world.measures)
            guard let violation = world.violation else { continue }
            summary.failures.append(explain(violation, seed, world.faults))
            if summary.failures.count >= options.violationBound { break }
        }
        progress(
            .init(done: summary.schedules, schedules: options.schedules, violations: summary.failures.count))
        return summary
    }

    /// The story of one seed's whole run.
    public func story(ofSeed seed: UInt64) -> [StoryLine] {
        var world = World(topology: options.topology, rules: rules, serverDefects: serverDefects)
        world.isTracing = true
        runOne(seed, in: &world)
        return world.story
    }

    func runOne(_ seed: UInt64, in world: inout World) {
        var random = SeededRandom(seed: seed)
        let faults = FaultMix(count: options.faults).draw(options.topology, &random)
        world.reset(seed: seed, faults: faults, endingAt: (faults.last?.atMicroseconds ?? 3_000_000) + 1_000_000)
        world.run()
    }

    private func explain(_ violation: Violation, _ seed: UInt64, _ faults: [Fault]) -> SimulationFailure {
        guard options.explains else {
            return SimulationFailure(seed: seed, violation: violation, faults: faults, story: [])
        }
        var shrinker = Shrinker(
            world: World(topology: options.topology, rules: rules, serverDefects: serverDefects), seed: seed,
            rule: violation.rule, endOfFaults: (faults.last?.atMicroseconds ?? 3_000_000) + 1_000_000)
        let shortest = shrinker.shrink(faults.filter { $0.atMicroseconds <= violation.atMicroseconds })
        let (shownViolation, story) = shrinker.tell(shortest)
        return SimulationFailure(
            seed: seed, violation: shownViolation ?? violation, faults: shortest, story: story)
    }
}

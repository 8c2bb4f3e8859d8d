import TandemFailover

/// A chosen schedule, run from several seeds: who leads at the end, and how long writes waited.
package struct Scenario: Sendable {
    package struct Outcome: Hashable, Sendable {
        package var violation: Violation?
        package var failovers: Int
        package var clones: Int
        package var cuts: Int
        /// The host that led when the faults began, and the one that led at the end.
        package var firstPrimary: Int
        package var lastPrimary: Int
        /// The longest time without an acknowledged write, in milliseconds of simulated time.
        package var longestSilenceMilliseconds: Int
    }

    package var topology: SimulationTopology
    /// Where a fault's host is the primary, give 0: the first data node founds the stack.
    package var faults: [Fault]
    package var endsAtSecond: Int64

    package init(topology: SimulationTopology = .smallest, faults: [Fault], endsAtSecond: Int64 = 25) {
        self.topology = topology
        self.faults = faults
        self.endsAtSecond = endsAtSecond
    }

    package func run(seeds: Range<UInt64>) -> [Outcome] {
        var world = World(topology: topology)
        return seeds.map { seed in
            world.reset(seed: seed, faults: faults, endingAt: endsAtSecond * 1_000_000)
            world.writeInterval = 20_000
            world.lateOnceIn = 1_000_000
            var first = -1
            while let next = world.queue.nextTime, next <= World.firstFaultAt, world.step() {}
            if let record = world.store.record { first = Int(record.primary.index) }
            world.run()
            return Outcome(
                violation: world.violation, failovers: world.measures.failovers, clones: world.measures.clones,
                cuts: world.measures.cuts, firstPrimary: first,
                lastPrimary: world.store.record.map { Int($0.primary.index) } ?? -1,
                longestSilenceMilliseconds: world.measures.longestSilence)
        }
    }
}

/// Finds a shorter schedule that breaks the same rule.
struct Shrinker {
    var world: World
    let seed: UInt64
    let rule: Violation.Rule
    let endOfFaults: Int64
    /// Runs at most.
    var budget = 1_500

    init(world: World, seed: UInt64, rule: Violation.Rule, endOfFaults: Int64) {
        self.world = world
        self.seed = seed
        self.rule = rule
        self.endOfFaults = endOfFaults
    }

    private mutating func fails(_ faults: [Fault]) -> Bool {
        guard budget > 0 else { return false }
        budget -= 1
        world.reset(seed: seed, faults: faults, endingAt: endOfFaults)
        world.run()
        return world.violation?.rule == rule
    }

    /// Leaves out ever smaller parts for as long as the rest still fails. The timing of everything else is drawn anew
    /// each time, so a part is tried more than once.
    mutating func shrink(_ faults: [Fault]) -> [Fault] {
        var kept = faults
        guard fails(kept) else { return faults }
        var size = max(1, kept.count / 2)
        while true {
            var start = 0
            var hasShrunk = false
            while start < kept.count {
                var tried = kept
                tried.removeSubrange(start..<min(start + size, kept.count))
                if fails(tried) {
                    kept = tried
                    hasShrunk = true
                } else {
                    start += size
                }
            }
            if budget == 0 { return kept }
            if size > 1 {
                size /= 2
            } else if !hasShrunk {
                return kept
            }
        }
    }

    mutating func tell(_ faults: [Fault]) -> (Violation?, [StoryLine]) {
        world.isTracing = true
        world.reset(seed: seed, faults: faults, endingAt: endOfFaults)
        world.run()
        world.isTracing = false
        return (world.violation, world.story)
    }
}

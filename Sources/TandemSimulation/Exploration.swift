import TandemFailover

/// Every interleaving of a small stack, as far as bounds go: two data nodes and a third voter. The agents are the
/// shipped reducer, the servers and etcd those of the simulation.
///
/// It starts from many moments of a run that goes through a crash and a return, a switchover, the loss of an agent and
/// the loss of a host, and from each follows every order of what may happen next. Time is left out: whatever is under
/// way may happen now or much later (which is also what freezing a process comes to), and any agent may find at any
/// moment that all its patience has run out.
public struct Exploration: Sendable {
    public struct Bounds: Codable, Hashable, Sendable {
        /// Crashes of servers, agents and hosts, cuts of links and of ways to etcd, on each way from a start.
        public var faults = 4
        /// Client writes and heartbeats on each way.
        public var transactions = 3
        /// Changes of primary on each way.
        public var epochs: UInt64 = 2
        /// States, from each start.
        public var states = 20_000
        public var starts = 40

        public init() {}
    }

    public struct Result: Codable, Hashable, Sendable {
        /// Different ones, over all starts.
        public var states = 0
        public var transitions = 0
        public var starts = 0
        /// From every start, every sequence of at most so many steps was followed.
        public var depth = Int.max
        public var violation: Violation?
        /// The steps to it from its start, the fewest possible.
        public var path: [String] = []
    }

    public var bounds: Bounds
    private let rules: Rules

    public init(bounds: Bounds = Bounds()) { self.init(bounds: bounds, rules: Rules()) }

    package init(bounds: Bounds, breaking rule: BrokenRule) { self.init(bounds: bounds, rules: rule.rules) }

    private init(bounds: Bounds, rules: Rules) {
        self.bounds = bounds
        self.rules = rules
    }

    private struct Node {
        var world: World
        var faults: Int
        var number: Int
    }

    private struct Origin {
        var parent: Int32
        var choice: Int32
    }

    /// Breadth first, each state once, so that what is found is found in the fewest steps.
    ///
    /// - Parameter progress: called after each start with the number of starts done.
    public func run(progress: (Int) -> Void = { _ in }) -> Result {
        var result = Result()
        var seen: Set<Int> = []
        var world = World(topology: .smallest, rules: rules)
        for start in world.moments(bounds.starts) where result.violation == nil {
            explore(from: start, &seen, &result)
            result.starts += 1
            progress(result.starts)
        }
        return result
    }

    private func explore(from start: World, _ seen: inout Set<Int>, _ result: inout Result) {
        var origins = [Origin(parent: 0, choice: 0)]
        var layer = [Node(world: start, faults: bounds.faults, number: 0)]
        var depth = 0
        seen.insert(start.fingerprint(faults: bounds.faults))
        while !layer.isEmpty {
            var next: [Node] = []
            for node in layer {
                for (index, choice) in node.world.choices(faults: node.faults).enumerated() {
                    var world = node.world
                    world.take(choice)
                    result.transitions += 1
                    let isFound = world.violation != nil
                    if !isFound, world.exceeds(bounds) { continue }
                    let faults = node.faults - (choice.isFault ? 1 : 0)
                    guard isFound || seen.insert(world.fingerprint(faults: faults)).inserted else { continue }
                    origins.append(Origin(parent: Int32(node.number), choice: Int32(index)))
                    result.states += 1
                    if isFound {
                        result.violation = world.violation
                        result.path = path(to: origins.count - 1, origins, from: start)
                        return
                    }
                    next.append(Node(world: world, faults: faults, number: origins.count - 1))
                }
                if origins.count >= bounds.states {
                    result.depth = min(result.depth, depth)
                    return
                }
            }
            layer = next
            depth += 1
        }
    }

    /// In words, by taking the same steps again.
    private func path(to number: Int, _ origins: [Origin], from start: World) -> [String] {
        var indices: [Int] = []
        var number = number
        while number > 0 {
            indices.append(Int(origins[number].choice))
            number = Int(origins[number].parent)
        }
        var world = start
        var faults = bounds.faults
        return indices.reversed().map { index in
            let choice = world.choices(faults: faults)[index]
            let text = world.describe(choice)
            faults -= choice.isFault ? 1 : 0
            world.take(choice)
            return text
        }
    }
}

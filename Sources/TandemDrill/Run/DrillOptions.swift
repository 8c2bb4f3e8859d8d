public import Foundation
public import TandemStack

/// How a drill is run.
public struct DrillOptions: Sendable {
    public var repeats: Int
    /// Load before each fault and after it.
    public var margin: Duration
    public var seed: UInt64
    public var budgets: Drill.Budgets
    /// Failed requests around one fault, after which the drill heals and stops.
    public var mostFailures: Int

    public static let usualMostFailures = 500

    public init(
        repeats: Int = 1, margin: Duration = .seconds(2), seed: UInt64, budgets: Drill.Budgets,
        mostFailures: Int = usualMostFailures
    ) {
        self.repeats = repeats
        self.margin = margin
        self.seed = seed
        self.budgets = budgets
        self.mostFailures = mostFailures
    }
}

/// SplitMix64: the same seed gives the same order and the same moments.
struct SeededOrder: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What a drill tells while it goes on.
public enum DrillEvent: Sendable {
    case waiting(String)
    case trying(name: String, event: String, place: Int, of: Int)
    case tried(FaultRun)
    case settling(writes: Int)
}

/// One fault, once.
public struct FaultRun: Sendable {
    public var name: String
    /// Why it was not tested.
    public var obstacle: String?
    /// Whether reads were promised to go on. In a full outage they cannot.
    public var areReadsPromised = true
    /// What it struck of which there is no other.
    public var singlePoint: String?
    /// How it is known to have happened.
    public var proof: String?
    public var window = Window()
    /// Since the window was opened.
    public var struckAt: Duration?
    public var struckDate: Date?
    /// From the fault until all of the stack ran again.
    public var recovery: Duration?
    /// How much of it a machine took to boot, which no budget counts.
    public var away = Duration.zero
    /// What went wrong with the stack itself.
    public var trouble: String?
    public var marks: [Mark] = []
    /// The writes that were numbered since the fault before.
    public var writes: Range<Int> = 0..<0
    public var settlement: WriteSettlement?
    /// Those that began to fire after it and before the next; nil where nothing watches the stack.
    public var alerts: [FiredAlert]?

    /// Something that happened meanwhile, for the picture.
    public struct Mark: Codable, Sendable, Equatable {
        public var atMilliseconds: Int
        public var text: String
    }

    public init(name: String) { self.name = name }
}

/// All that a drill found.
public struct DrillResult: Sendable {
    public var runs: [FaultRun] = []
    public var reads = Window.Counts()
    public var writes = Window.Counts()
    public var settlement: WriteSettlement?
    /// Why it ended early, or could not be settled.
    public var stopped: String?
}

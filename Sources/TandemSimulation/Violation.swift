/// What a run showed that must never happen.
public struct Violation: Codable, Hashable, Sendable {
    public enum Rule: String, Codable, Hashable, Sendable, CaseIterable {
        /// An acknowledged write is missing where it must be.
        case lostWrite
        /// Two servers can acknowledge at the same time.
        case twoAcknowledge
        /// Somebody else than the partner was promoted.
        case wrongPromotion
        case epochWentBack
        /// An unacknowledged transaction was thrown away without being exported.
        case salvageLost
        /// A server follows another though it holds what that one lacks.
        case diverged
        case openedTooEarly
        /// A deposed primary stays open.
        case staleServer
        /// The sole owner closed its server.
        case needlessClosing
        /// A healthy server was killed.
        case needlessKill
        /// An operator's intent was deleted that nobody has served.
        case orderLost
        /// A server was started though an operator wants it stopped.
        case startedWhileHeld
        /// Faults stopped, and no primary and full pair came back within the bound.
        case didNotRecover
    }

    public var rule: Rule
    /// In simulated time.
    public var atMicroseconds: Int64
    public var text: String

    public init(rule: Rule, atMicroseconds: Int64, text: String) {
        self.rule = rule
        self.atMicroseconds = atMicroseconds
        self.text = text
    }
}

/// A line of a run's story, in simulated time.
public struct StoryLine: Codable, Hashable, Sendable {
    public var atMicroseconds: Int64
    /// nil: etcd, the network, or all.
    public var host: String?
    public var text: String

    public init(atMicroseconds: Int64, host: String?, text: String) {
        self.atMicroseconds = atMicroseconds
        self.host = host
        self.text = text
    }
}

/// What one run measured.
struct RunMeasures: Hashable, Sendable {
    var steps = 0
    var failovers = 0
    var salvages = 0
    var cuts = 0
    var clones = 0
    /// Changes of primary that an operator forced, and the promised transactions given up by that.
    var forced = 0
    var forgiven = 0
    /// For each change of primary, from the last acknowledged write before to the first after, in milliseconds.
    var outages: [Int32] = []
    /// The longest time without an acknowledged write after the first faults may begin, in milliseconds.
    var longestSilence = 0
    /// From the end of the last fault to a full pair, in microseconds.
    var recovery: Int64 = 0
}

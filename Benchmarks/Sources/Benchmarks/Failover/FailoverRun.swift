import Foundation

/// One fault, once: what users felt, and where the time went. Times in milliseconds.
struct FailoverRun: Codable {
    /// A write, as the client saw it.
    struct Write: Codable {
        /// Since the fault.
        var began: Double
        var took: Double
        var outcome: String
    }

    var fault: FailoverFault
    /// The longest time in which no write was acknowledged.
    var pause: Double
    var failedReads: Int
    var failedWrites: Int
    /// Writes that were cut off, so that the client does not know what became of them.
    var unknownWrites: Int
    var writes: Int
    var lost: Int
    var duplicated: Int
    /// Until all of the stack ran again, and the pair was a pair.
    var recovery: Double?
    /// Of the last minute, when the run began.
    var load: Double
    var cause: String?
    /// Until the next primary suspected something, or was asked to take over.
    var detected: Double?
    /// Since then.
    var sealed: Double?
    var promoted: Double?
    var applied: Double?
    var opened: Double?
    /// Those around the fault.
    var around: [Write]

    /// From the new primary's opening to the first write that a client was told of.
    var routed: Double? {
        guard let detected, let opened, let first = firstWrite else { return nil }
        return max(0, first - detected - opened)
    }

    /// When the first write was acknowledged that began after the longest pause's beginning.
    var firstWrite: Double? { longestPause?.end }

    /// Of the writes around the fault.
    var longestPause: (start: Double, end: Double)? {
        let ends = around.filter { $0.outcome == "good" }.map { $0.began + $0.took }.sorted()
        // Before the fault nothing is held against it.
        return zip(ends, ends.dropFirst()).filter { $0.1 > 0 }.max { $0.1 - $0.0 < $1.1 - $1.0 }
            .map { (start: $0.0, end: $0.1) }
    }
}

/// What `tandem drill --format json` says, as far as it is needed.
struct DrillAnswer: Decodable {
    struct Counts: Decodable {
        var sent: Int
        var failed: Int
        var unknown: Int
    }

    struct Settlement: Decodable {
        var lost: Int
        var duplicated: Int
    }

    struct Run: Decodable {
        var notTested: String?
        var reads: Counts
        var writes: Counts
        var settlement: Settlement?
        var longestWritePauseMilliseconds: Int
        var recoveryMilliseconds: Int?
        var struckAtMilliseconds: Int?
        var struckAt: String?
    }

    struct Fault: Decodable { var runs: [Run] }

    var stopped: String?
    var ledger: String?
    var faults: [Fault]
}

/// What `tandem history --format json` says.
struct Change: Decodable {
    var epoch: Int
    var cause: String
    var detectedAt: String?
    var steps: [String: Double]?
}

extension Date {
    static func moment(_ text: String) -> Date? {
        try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

public import Foundation
import TandemFailover

/// What the agent of a new primary adds to `history/EPOCH` when its server is open.
///
/// `"detected_at":"2026-11-27T13:05:00Z","executed":"UUID:1-5","steps":{"sealed":12,"promoted":20,"applied":31,"opened":60}`,
/// the steps in milliseconds since the first suspicion.
public struct HistoryDetails: Hashable, Sendable {
    public var detectedAt: Date
    /// `gtid_executed` of the new primary, just after it opened.
    public var executed: String?
    public var sealed: Milliseconds?
    public var promoted: Milliseconds?
    public var applied: Milliseconds?
    public var opened: Milliseconds?

    public init(
        detectedAt: Date, executed: String? = nil, sealed: Milliseconds? = nil, promoted: Milliseconds? = nil,
        applied: Milliseconds? = nil, opened: Milliseconds? = nil
    ) {
        self.detectedAt = detectedAt
        self.executed = executed
        self.sealed = sealed
        self.promoted = promoted
        self.applied = applied
        self.opened = opened
    }
}

/// The whole of the key `history/EPOCH`: what the transaction wrote, and what was added.
public struct HistoryEntry: Sendable, Codable {
    public var record: HistoryRecord
    public var details: HistoryDetails?

    enum CodingKeys: String, CodingKey {
        case detectedAt = "detected_at"
        case executed, steps
    }

    /// With milliseconds: a change of primary takes not many of them. It reads whole seconds, too.
    private static let moment = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    enum StepKeys: String, CodingKey { case sealed, promoted, applied, opened }

    public init(record: HistoryRecord, details: HistoryDetails? = nil) {
        self.record = record
        self.details = details
    }

    public init(from decoder: any Decoder) throws {
        record = try HistoryRecord(from: decoder)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard let text = try values.decodeIfPresent(String.self, forKey: .detectedAt),
            let date = try? Date(text, strategy: Self.moment)
        else { return }
        var details = HistoryDetails(detectedAt: date)
        details.executed = try values.decodeIfPresent(String.self, forKey: .executed)
        if values.contains(.steps) {
            let steps = try values.nestedContainer(keyedBy: StepKeys.self, forKey: .steps)
            details.sealed = try steps.decodeIfPresent(Milliseconds.self, forKey: .sealed)
            details.promoted = try steps.decodeIfPresent(Milliseconds.self, forKey: .promoted)
            details.applied = try steps.decodeIfPresent(Milliseconds.self, forKey: .applied)
            details.opened = try steps.decodeIfPresent(Milliseconds.self, forKey: .opened)
        }
        self.details = details
    }

    public func encode(to encoder: any Encoder) throws {
        try record.encode(to: encoder)
        guard let details else { return }
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(details.detectedAt.formatted(Self.moment), forKey: .detectedAt)
        try values.encodeIfPresent(details.executed, forKey: .executed)
        var steps = values.nestedContainer(keyedBy: StepKeys.self, forKey: .steps)
        try steps.encodeIfPresent(details.sealed, forKey: .sealed)
        try steps.encodeIfPresent(details.promoted, forKey: .promoted)
        try steps.encodeIfPresent(details.applied, forKey: .applied)
        try steps.encodeIfPresent(details.opened, forKey: .opened)
    }
}

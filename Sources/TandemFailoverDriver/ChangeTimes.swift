public import Foundation
public import TandemFailover

/// How a host became the primary, and when each step was seen, in milliseconds since the first.
public struct ChangeTimes: Hashable, Sendable {
    /// The epoch that the change began, once that is known.
    public var epoch: UInt64
    /// nil: founded, forced, or adopted.
    public var reason: TakeoverReason?
    /// When the host first suspected the primary, or was asked to take over.
    public var detectedAt: Date
    /// Its receiver was seen off.
    public var sealed: Milliseconds?
    /// etcd named it.
    public var promoted: Milliseconds?
    /// Everything received is applied.
    public var applied: Milliseconds?
    /// Clients may write.
    public var opened: Milliseconds?
}

/// Follows a change of primary by what the reducer knows after each event. Pure.
struct ChangeTimer: Hashable, Sendable {
    /// The last one that came to an end, or has at least been promoted.
    private(set) var last: ChangeTimes?
    private var begun: ChangeTimes?
    private var since: Milliseconds = 0
    private var epoch: UInt64 = 0
    private var isFirst = true

    /// - Returns: the change that has just come to its end.
    mutating func note(_ machine: FailoverMachine, at now: Milliseconds, date: @autoclosure () -> Date) -> ChangeTimes?
    {
        let record = machine.knownRecord
        defer {
            epoch = record?.epoch ?? epoch
            if record != nil { isFirst = false }
        }
        if let reason = machine.takeover, begun == nil {
            begun = ChangeTimes(epoch: 0, reason: reason, detectedAt: date())
            since = now
        }
        let leads = record?.primary == machine.configuration.host
        // An agent that starts anew finds a record in which its host leads: that is no change.
        if let record, leads, record.epoch > epoch, !isFirst || record.epoch == 1, begun?.promoted == nil {
            if begun == nil {
                begun = ChangeTimes(epoch: 0, reason: nil, detectedAt: date())
                since = now
            }
            begun?.epoch = record.epoch
            begun?.promoted = now - since
        }
        guard begun != nil else { return nil }
        if begun?.promoted == nil, machine.takeover == nil {
            begun = nil
            return nil
        }
        return addSteps(machine, leads, now)
    }

    private mutating func addSteps(_ machine: FailoverMachine, _ leads: Bool, _ now: Milliseconds) -> ChangeTimes? {
        guard let seen = machine.seenServer, seen.life == .up else { return nil }
        if begun?.sealed == nil, seen.receiver == .off { begun?.sealed = now - since }
        guard begun?.promoted != nil else { return nil }
        guard leads else {
            begun = nil
            return nil
        }
        if begun?.applied == nil, seen.hasAppliedAll { begun?.applied = now - since }
        if seen.access == .writing { begun?.opened = now - since }
        last = begun
        guard begun?.opened != nil else { return nil }
        begun = nil
        return last
    }
}

/// An hour of traffic by the second, in slots of a fixed size: 58 KB, and 1.7 MB more where times are counted.
public struct TrafficRing: Sendable {
    public static let hour = 3600
    /// What clocks may show. With seconds beyond that the ring's own sums would overflow.
    public static let clockRange = 0...(1 << 40)

    private struct Slot {
        /// Which second is in it.
        var at = Int.min
        /// Below 0: this host's agent counted no requests in that second.
        var requests: Int32 = -1
        var errors: UInt32 = 0
    }

    private var slots: [Slot]
    /// `TimeClasses.count` for each slot; empty until a time comes.
    private var counts: [UInt32] = []
    /// The second that is being counted; nil before the first one.
    public private(set) var now: Int?

    public init(seconds: Int = hour) { slots = Array(repeating: Slot(), count: max(1, seconds)) }

    /// Begins a second. A clock that went back is believed: what lies after it is forgotten, or it would be counted
    /// twice.
    public mutating func advance(to time: Int) {
        let second = min(max(time, Self.clockRange.lowerBound), Self.clockRange.upperBound)
        if let now, second < now {
            for index in slots.indices where slots[index].at > second { clear(index, for: Int.min) }
        }
        now = second
    }

    /// Adds to a second that is within the ring; others are left out.
    public mutating func add(requests: Int, errors: Int, at second: Int) {
        guard let index = open(second) else { return }
        let before = UInt32(clamping: slots[index].requests)
        slots[index].requests = Int32(clamping: before.adding(requests))
        slots[index].errors = slots[index].errors.adding(errors)
    }

    public mutating func add(milliseconds: Int, count: Int = 1, at second: Int) {
        guard let index = open(second) else { return }
        if counts.isEmpty { counts = Array(repeating: 0, count: slots.count * TimeClasses.count) }
        let place = index * TimeClasses.count + TimeClasses.place(of: milliseconds)
        counts[place] = counts[place].adding(count)
    }

    /// Takes over what another ring says of a second, in place of what this one has.
    public mutating func take(_ second: TrafficSecond) {
        guard let index = open(second.at) else { return }
        clear(index, for: second.at)
        if let requests = second.requests { add(requests: requests, errors: second.errors ?? 0, at: second.at) }
        for time in second.times ?? [] { add(milliseconds: time.milliseconds, count: time.count, at: second.at) }
    }

    /// The seconds that are over and of which something is known, the oldest first.
    /// - Parameter most: how many of them, again the oldest.
    public func seconds(after: Int, most: Int = .max) -> [TrafficSecond] {
        guard let now else { return [] }
        let first = max(after == .max ? .max : after + 1, now - slots.count + 1)
        guard first < now else { return [] }
        return Array((first..<now).lazy.compactMap(second).prefix(most))
    }

    /// What is known of one second that is over.
    public func known(_ second: Int) -> TrafficSecond? {
        guard let now, second < now, second > now - slots.count else { return nil }
        return self.second(second)
    }

    private func second(_ at: Int) -> TrafficSecond? {
        let index = place(of: at)
        let slot = slots[index]
        guard slot.at == at else { return nil }
        let times = counts.isEmpty ? [] : times(of: index)
        guard slot.requests >= 0 || !times.isEmpty else { return nil }
        return TrafficSecond(
            at: at, requests: slot.requests < 0 ? nil : Int(slot.requests),
            errors: slot.requests < 0 ? nil : Int(slot.errors), times: times.isEmpty ? nil : times)
    }

    private func times(of index: Int) -> [TrafficSecond.Time] {
        let first = index * TimeClasses.count
        return (0..<TimeClasses.count).compactMap { place in
            let count = Int(counts[first + place])
            return count > 0 ? .init(milliseconds: TimeClasses.upperEnd(of: place), count: count) : nil
        }
    }

    // MARK: - Slots

    private func place(of second: Int) -> Int {
        let place = second % slots.count
        return place < 0 ? place + slots.count : place
    }

    /// The slot of a second, emptied if another one is in it; nil for a second outside of the ring.
    private mutating func open(_ second: Int) -> Int? {
        guard let now, second <= now, second > now - slots.count else { return nil }
        let index = place(of: second)
        if slots[index].at != second { clear(index, for: second) }
        return index
    }

    private mutating func clear(_ index: Int, for second: Int) {
        slots[index] = Slot(at: second)
        guard !counts.isEmpty else { return }
        for place in 0..<TimeClasses.count { counts[index * TimeClasses.count + place] = 0 }
    }
}

/// What became of every write, by its number: one byte each, exact, and never more than `mostWrites` bytes.
public struct WriteBook: Sendable {
    public static let mostWrites = 8 << 20

    public enum State: UInt8, Sendable {
        case open = 1
        case acknowledged = 2
        case failed = 3
        case unknown = 4
    }

    /// The low half is the state, the high half how often the app has it, 3 meaning three times or more.
    private var entries: [UInt8] = []
    private let limit: Int

    public init(limit: Int = mostWrites) { self.limit = limit }

    public var count: Int { entries.count }

    /// A new number, from 0; nil once the book is full.
    public mutating func open() -> Int? {
        guard entries.count < limit else { return nil }
        entries.append(State.open.rawValue)
        return entries.count - 1
    }

    public mutating func close(_ number: Int, as state: State) {
        entries[number] = entries[number] & 0xF0 | state.rawValue
    }

    public func state(_ number: Int) -> State { State(rawValue: entries[number] & 0x0F) ?? .open }

    /// Forgets what was found, before the app is asked anew.
    public mutating func forgetFound(in range: Range<Int>) {
        for number in range { entries[number] &= 0x0F }
    }

    /// Notes that the app has a write, once for each time that it does.
    public mutating func found(_ number: Int) {
        guard entries.indices.contains(number) else { return }
        let times = min(entries[number] >> 4 + 1, 3)
        entries[number] = entries[number] & 0x0F | times << 4
    }

    public func timesFound(_ number: Int) -> Int { Int(entries[number] >> 4) }

    /// The acknowledged ones that the app has not.
    public func missing(in range: Range<Int>) -> [Int] {
        range.filter { state($0) == .acknowledged && timesFound($0) == 0 }
    }

    public func settlement(of range: Range<Int>) -> WriteSettlement {
        var result = WriteSettlement()
        for number in range.clamped(to: entries.indices) {
            let times = timesFound(number)
            if times > 1 { result.duplicated += 1 }
            switch state(number) {
            case .acknowledged:
                result.acknowledged += 1
                if times == 0 { result.lost += 1 }
            case .unknown, .open:
                result.unknown += 1
                if times > 0 { result.unknownStored += 1 }
            case .failed:
                result.failed += 1
                if times > 0 { result.failedStored += 1 }
            }
        }
        return result
    }
}

/// What was acknowledged, compared with what the app has.
public struct WriteSettlement: Codable, Sendable, Equatable {
    public var acknowledged = 0
    /// Acknowledged, and not there.
    public var lost = 0
    /// There more than once.
    public var duplicated = 0
    public var unknown = 0
    /// Of the unknown ones those that are there.
    public var unknownStored = 0
    public var failed = 0
    /// Of the failed ones those that are there all the same.
    public var failedStored = 0

    public init() {}
}

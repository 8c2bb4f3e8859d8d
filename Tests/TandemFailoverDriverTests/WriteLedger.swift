import Synchronization

/// What clients of a drill were told of each of their writes.
final class WriteLedger: Sendable {
    enum Answer: Hashable, Sendable {
        /// OK: it has to be there, for ever.
        case acknowledged
        /// An error by which the server says that it did nothing.
        case refused
        /// The connection broke, or an answer did not come: it may be there or not.
        case unknown
    }

    struct Write: Hashable, Sendable {
        var id: Int
        var begun: ContinuousClock.Instant
        var ended: ContinuousClock.Instant
        var answer: Answer
    }

    private struct State {
        var writes: [Write] = []
        var lastID = 0
    }

    /// A drill of a quarter of an hour on a fast machine. Later writes are not begun.
    static let bound = 2_000_000
    private let state = Mutex(State())

    init() {}

    /// nil: the ledger is full.
    func nextID() -> Int? {
        state.withLock { state in
            guard state.lastID < Self.bound else { return nil }
            state.lastID += 1
            return state.lastID
        }
    }

    func note(_ write: Write) { state.withLock { $0.writes.append(write) } }

    var writes: [Write] { state.withLock { $0.writes } }

    var acknowledged: Set<Int> {
        state.withLock { Set($0.writes.lazy.filter { $0.answer == .acknowledged }.map(\.id)) }
    }

    func count(_ answer: Answer, since begin: ContinuousClock.Instant? = nil) -> Int {
        state.withLock { state in
            state.writes.lazy.filter { write in
                write.answer == answer && (begin.map { write.ended >= $0 } ?? true)
            }.count
        }
    }

    /// From a moment until the end of the first acknowledged write that began after it; nil: there was none yet.
    func timeUntilAccepted(after moment: ContinuousClock.Instant) -> Duration? {
        state.withLock { state in
            state.writes.lazy.filter { $0.answer == .acknowledged && $0.begun >= moment }.map(\.ended).min()
                .map { moment.duration(to: $0) }
        }
    }

    /// The longest time without an acknowledgement since a moment.
    func longestGap(since begin: ContinuousClock.Instant, until end: ContinuousClock.Instant = .now) -> Duration {
        let ends = state.withLock { state in
            state.writes.lazy.filter { $0.answer == .acknowledged && $0.ended >= begin && $0.ended <= end }.map(\.ended)
                .sorted()
        }
        var longest = Duration.zero
        var last = begin
        for moment in ends + [end] {
            longest = max(longest, last.duration(to: moment))
            last = moment
        }
        return longest
    }

    /// Acknowledged writes that a server lacks.
    func lost(among present: Set<Int>) -> [Int] { acknowledged.subtracting(present).sorted() }
}

import Synchronization

/// Every request of a drill: counted as it ends, in memory that does not grow with their number; the raw list goes to a
/// file.
public final class Ledger: Sendable {
    /// A request that is under way.
    public struct Ticket: Sendable {
        let kind: RequestKind
        let start: ContinuousClock.Instant
        let phase: Phase
        let window: Int?
        /// Of a write.
        public let number: Int?
    }

    private struct State {
        var book: WriteBook
        var window: Window?
        var windowNumber = 0
        var openedAt = ContinuousClock.now
        /// Requests that begin no longer count for the window.
        var isClosing = false
        var phase = Phase.before
        var reads = Window.Counts()
        var writes = Window.Counts()
        var underWay = 0
        var firstFailure: String?
    }

    public let marker: Marker
    private let state: Mutex<State>
    private let file: LedgerFile?
    private let start = ContinuousClock.now

    public init(marker: Marker, file: LedgerFile? = nil, mostWrites: Int = WriteBook.mostWrites) {
        self.marker = marker
        self.file = file
        state = Mutex(State(book: WriteBook(limit: mostWrites)))
    }

    // MARK: Requests

    /// - Returns: nil for a write when the book has no room for another one.
    public func begin(_ kind: RequestKind) -> Ticket? {
        state.withLock { state in
            var number: Int?
            if kind == .write {
                guard let next = state.book.open() else { return nil }
                number = next
            }
            state.underWay += 1
            let isCounted = state.window != nil && !state.isClosing
            if isCounted { state.window?.underWay += 1 }
            return Ticket(
                kind: kind, start: .now, phase: state.phase, window: isCounted ? state.windowNumber : nil,
                number: number)
        }
    }

    /// - Parameter words: what happened, where it was not good.
    public func end(_ ticket: Ticket, _ outcome: Outcome, words: String? = nil) {
        let now = ContinuousClock.now
        let took = now - ticket.start
        let window = state.withLock { state -> Int? in
            state.underWay -= 1
            if ticket.kind == .write { state.writes.add(outcome) } else { state.reads.add(outcome) }
            if let number = ticket.number { state.book.close(number, as: Self.state(outcome)) }
            if outcome != .good, outcome != .retried, state.firstFailure == nil {
                state.firstFailure = "\(ticket.kind.rawValue): \(words ?? outcome.rawValue)"
            }
            let isOfWindow = ticket.window == state.windowNumber
            if isOfWindow { state.window?.underWay -= 1 }
            // One that began earlier, and that the fault may have caught, counts too.
            guard state.window != nil, isOfWindow || (ticket.window == nil && !state.isClosing) else { return nil }
            let phase = ticket.phase == .during && isOfWindow ? .during : state.phase
            state.window?.add(
                ticket.kind, outcome, phase: phase, endedAt: now - state.openedAt, took: took, words: words)
            return state.windowNumber
        }
        file?.add(
            kind: ticket.kind, number: ticket.number, outcome: outcome, began: ticket.start - start, took: took,
            window: window, words: words)
    }

    /// Forgets a read that our own end has cut short: it says nothing.
    public func drop(_ ticket: Ticket) {
        state.withLock { state in
            state.underWay -= 1
            if ticket.window == state.windowNumber { state.window?.underWay -= 1 }
        }
    }

    private static func state(_ outcome: Outcome) -> WriteBook.State {
        switch outcome {
        case .good, .retried: .acknowledged
        case .failed, .stale: .failed
        case .unknown: .unknown
        }
    }

    // MARK: Windows

    public func openWindow() {
        state.withLock { state in
            state.window = Window()
            state.windowNumber += 1
            state.isClosing = false
            state.phase = .before
            state.openedAt = .now
        }
    }

    public func struck() {
        state.withLock { state in
            state.phase = .during
            state.window?.struck()
        }
    }

    public func isOver() { state.withLock { $0.phase = .after } }

    /// Time since the window was opened.
    public var windowTime: Duration { state.withLock { ContinuousClock.now - $0.openedAt } }

    /// Waits until what began in the window has ended, at most until `bound`.
    /// - Returns: what was counted, and how many writes had been numbered by then.
    public func closeWindow(bound: Duration) async -> (window: Window, writes: Int) {
        state.withLock { $0.isClosing = true }
        let closing = ContinuousClock.now
        while state.withLock({ $0.window?.underWay ?? 0 }) > 0, ContinuousClock.now < closing + bound {
            try? await Task.sleep(for: .milliseconds(10))
            if Task.isCancelled { break }
        }
        return state.withLock { state in
            var window = state.window ?? Window()
            window.close(at: closing - state.openedAt)
            state.window = nil
            return (window, state.book.count)
        }
    }

    // MARK: So far

    public struct Progress: Sendable {
        public var reads: Window.Counts
        public var writes: Window.Counts
        /// In the window that is open.
        public var failedInWindow: Int
        public var underWay: Int
        public var firstFailure: String?
    }

    public var progress: Progress {
        state.withLock { state in
            let failed = (state.window?.reads.failed ?? 0) + (state.window?.writes.failed ?? 0)
            return Progress(
                reads: state.reads, writes: state.writes, failedInWindow: failed, underWay: state.underWay,
                firstFailure: state.firstFailure)
        }
    }

    public func withBook<T>(_ body: (inout WriteBook) throws -> sending T) rethrows -> sending T {
        try state.withLock { try body(&$0.book) }
    }

    public func flush() { file?.flush() }
}

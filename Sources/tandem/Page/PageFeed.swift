import Synchronization

/// Hands what the page is told to every browser that shows it.
final class PageFeed: Sendable {
    /// Tabs that may be open at a time.
    static let mostListeners = 8
    /// A browser that takes longer than so many seconds to read misses the older ones.
    private static let mostWaiting = 3

    private struct State {
        var lastNumber = 0
        var listeners: [Int: AsyncStream<String>.Continuation] = [:]
    }

    private let state = Mutex(State())

    var hasListeners: Bool { state.withLock { !$0.listeners.isEmpty } }

    /// - Returns: nil where as many listen as may.
    func listen() -> AsyncStream<String>? {
        let (stream, continuation) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingNewest(Self.mostWaiting))
        let number = state.withLock { state -> Int? in
            guard state.listeners.count < Self.mostListeners else { return nil }
            state.lastNumber += 1
            state.listeners[state.lastNumber] = continuation
            return state.lastNumber
        }
        guard let number else { return nil }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    /// Those that listen now.
    var numbers: Set<Int> { state.withLock { Set($0.listeners.keys) } }

    func tell(_ event: String, _ numbers: Set<Int>) {
        let listeners = state.withLock { state in numbers.compactMap { state.listeners[$0] } }
        for listener in listeners { listener.yield(event) }
    }

    func end() {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.finish() }
    }
}

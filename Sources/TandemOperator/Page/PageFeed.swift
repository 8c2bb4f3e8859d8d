import Synchronization

/// The browsers that show the page, each with what it is told.
package final class PageFeed: Sendable {
    typealias Reader = AsyncStream<String>.Continuation

    /// Tabs that may be open at a time.
    static let mostListeners = 8
    /// A browser that takes longer than so many seconds to read misses the older ones.
    private static let mostWaiting = 3

    private struct State {
        var lastNumber = 0
        var listeners: [Int: Reader] = [:]
    }

    private let state = Mutex(State())

    var hasListeners: Bool { state.withLock { !$0.listeners.isEmpty } }

    package init() {}

    /// - Returns: nil where as many listen as may.
    package func listen() -> AsyncStream<String>? {
        guard let (stream, reader, number) = begin() else { return nil }
        reader.onTermination = { [weak self] _ in self?.forget(number) }
        return stream
    }

    /// For a browser that is told something of its own.
    /// - Parameter source: tells it, and is cancelled when the browser has gone. When it returns, the browser's stream
    ///   ends.
    func listen(_ source: @escaping @Sendable (Reader) async -> Void) -> AsyncStream<String>? {
        guard let (stream, reader, number) = begin() else { return nil }
        let task = Task { [weak self] in
            await source(reader)
            // It may have returned before anybody could be told of the end.
            self?.forget(number)
            reader.finish()
        }
        reader.onTermination = { [weak self] _ in
            self?.forget(number)
            task.cancel()
        }
        return stream
    }

    private func begin() -> (AsyncStream<String>, Reader, Int)? {
        let (stream, reader) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingNewest(Self.mostWaiting))
        return state.withLock { state in
            guard state.listeners.count < Self.mostListeners else { return nil }
            state.lastNumber += 1
            state.listeners[state.lastNumber] = reader
            return (stream, reader, state.lastNumber)
        }
    }

    private func forget(_ number: Int) { state.withLock { _ = $0.listeners.removeValue(forKey: number) } }

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

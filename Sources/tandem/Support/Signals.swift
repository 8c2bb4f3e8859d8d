import Dispatch
import Foundation
import Synchronization

/// SIGINT, SIGTERM and SIGHUP, as things that can be waited for.
enum Signals {
    /// Runs `body` until it ends, or until a signal asks us to stop: then it is cancelled and waited for.
    static func runUntilToldToStop(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let stream = stop()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                for await _ in stream { return false }
                return false
            }
            let isDone = try await group.next() ?? true
            group.cancelAll()
            if !isDone { _ = try await group.next() }
        }
    }

    /// A value for each signal that asks us to stop.
    static func stop() -> AsyncStream<Int32> {
        AsyncStream { continuation in
            let sources = Sources { continuation.yield($0) }
            continuation.onTermination = { _ in sources.cancel() }
        }
    }

    /// Keeps sources alive until they are cancelled.
    private final class Sources: Sendable {
        private let sources: Mutex<[any DispatchSourceSignal]>

        init(_ handler: @escaping @Sendable (Int32) -> Void) {
            sources = Mutex(
                [SIGINT, SIGTERM, SIGHUP].map { number in
                    signal(number, SIG_IGN)
                    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                    source.setEventHandler { handler(number) }
                    source.resume()
                    return source
                })
        }

        func cancel() {
            sources.withLock { sources in
                for source in sources { source.cancel() }
                sources = []
            }
        }
    }
}

/// The program that runs now.
enum OwnProgram {
    static var path: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}

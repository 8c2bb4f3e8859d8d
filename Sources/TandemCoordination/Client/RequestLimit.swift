import Synchronization

/// How many things may be under way at the same time. What is too many is refused, not queued.
final class RequestLimit: Sendable {
    private let count = Mutex(0)
    private let bound: Int

    init(_ bound: Int) { self.bound = bound }

    var underWay: Int { count.withLock { $0 } }

    /// nil: there are too many. The place is free again when the returned value is gone.
    func enter() -> Place? {
        let isFree = count.withLock { count in
            guard count < bound else { return false }
            count += 1
            return true
        }
        return isFree ? Place(limit: self) : nil
    }

    final class Place: Sendable {
        private let limit: RequestLimit

        init(limit: RequestLimit) { self.limit = limit }

        deinit { limit.count.withLock { $0 -= 1 } }
    }
}

extension CoordinationError {
    static func tooMany(_ doing: String, _ bound: Int) -> CoordinationError {
        CoordinationError(
            .tooManyRequests, doing: doing, what: "\(bound) requests of this client are under way",
            next: "Try again later.",
            mayHaveArrived: false)
    }
}

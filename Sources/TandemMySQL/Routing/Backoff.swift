/// Waits that double, each shortened by a random part of up to a half, so that a fleet does not come back at the same
/// moment.
struct Backoff: Sendable {
    let bounds: ClosedRange<Duration>
    private var next: Duration

    init(_ bounds: ClosedRange<Duration>) {
        self.bounds = bounds
        next = bounds.lowerBound
    }

    mutating func pause() -> Duration {
        defer { next = min(bounds.upperBound, next * 2) }
        return next * Double.random(in: 0.5...1)
    }

    mutating func reset() { next = bounds.lowerBound }
}

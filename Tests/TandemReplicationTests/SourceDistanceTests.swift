import TandemFailover
import Testing

@testable import TandemReplication

@Suite("A replica is close behind its source")
struct SourceDistanceTests {
    private let begin = ContinuousClock.now
    private let numbering = GTIDNumbering()
    private let bounds = DatabaseServerSettings.Bounds()

    private func upTo(_ last: Int) throws -> GTIDSet {
        last == 0 ? try numbering.set("") : try numbering.set("11111111-1111-1111-1111-111111111111:1-\(last)")
    }

    /// Looks five times a second at a source that executes 100 transactions a second.
    ///
    /// - Returns: after how many seconds it is called close.
    private func secondsUntilClose(
        seconds: Double, executed: (Double) -> Double, received: (Double) -> Double
    ) throws -> Double? {
        var distance = SourceDistance()
        for look in 0..<Int(seconds * 5) {
            let time = Double(look) / 5
            let now = begin + .seconds(time)
            distance.add(try upTo(1_000 + Int(time * 100)), at: now)
            let isClose = distance.isClose(
                executed: try upTo(Int(executed(time))), received: try upTo(Int(received(time))), at: now,
                bounds: bounds)
            if isClose { return time }
        }
        return nil
    }

    @Test("when it has received what its source had executed a moment ago, though it applies that later")
    func received() throws {
        let time = try secondsUntilClose(
            seconds: 10, executed: { 1_000 + ($0 - 0.8) * 100 }, received: { 1_000 + ($0 - 0.3) * 100 })
        #expect(try #require(time) <= 1.2)
    }

    @Test(
        "not at once when it has received all and applied little: it would apply that first, and fall behind meanwhile")
    func unapplied() throws {
        let time = try secondsUntilClose(
            seconds: 20, executed: { 1_000 + ($0 - 2) * 100 }, received: { 1_000 + $0 * 100 })
        #expect(try #require(time) >= 5)
    }

    @Test("not at once when it has received all but the last seconds: commits would wait for these")
    func catchesUp() throws {
        // Two seconds behind, and getting closer by half a second each second.
        let behind = { (time: Double) in 1_000 + (time - max(0, 2 - time / 2)) * 100 }
        let time = try #require(try secondsUntilClose(seconds: 20, executed: behind, received: behind))
        #expect(time >= 3)
    }

    @Test("after some seconds where it does not get closer: waiting for it is what lets it catch up")
    func neverCatchesUp() throws {
        let behind = { (time: Double) in 1_000 + (time - 2) * 100 }
        let time = try #require(try secondsUntilClose(seconds: 20, executed: behind, received: behind))
        #expect(time >= 5 && time < 8)
    }

    @Test("never when it has not executed what its source had five seconds ago")
    func far() throws {
        let time = try secondsUntilClose(
            seconds: 20, executed: { 1_000 + ($0 - 6) * 100 }, received: { 1_000 + $0 * 100 })
        #expect(time == nil)
    }
}

import TandemTopology
import Testing

@Suite("Times to answer in classes")
struct TimeHistogramTests {
    @Test("are exact below 16 ms, and above within an eighth; each class ends where the next begins")
    func classes() {
        for time in 0..<16 { #expect(TimeClasses.upperEnd(of: TimeClasses.place(of: time)) == time) }
        for time in [16, 17, 100, 999, 1_000, 5_432, 60_000, 131_071] {
            let end = TimeClasses.upperEnd(of: TimeClasses.place(of: time))
            #expect(end >= time && end - time <= time / 8, "\(time): \(end)")
            // What is told as the end of a class is in that class again.
            #expect(TimeClasses.place(of: end) == TimeClasses.place(of: time))
            #expect(TimeClasses.place(of: end + 1) == min(TimeClasses.place(of: time) + 1, TimeClasses.count - 1))
        }
        #expect(TimeClasses.place(of: .max) == TimeClasses.count - 1)
        #expect(TimeClasses.place(of: -5) == 0)
    }

    @Test("tell the time that a share of the requests did not exceed")
    func percentiles() {
        var histogram = TimeHistogram()
        #expect(histogram.percentile(0.5) == nil)
        histogram.add(milliseconds: 3, count: 98)
        histogram.add(milliseconds: 9)
        histogram.add(milliseconds: 4_000)
        #expect(histogram.percentile(0.5) == 3)
        #expect(histogram.percentile(0.99) == 9)
        #expect(histogram.percentile(1).map { $0 >= 4_000 && $0 <= 4_500 } == true)
    }
}

@Suite("An hour of traffic by the second")
struct TrafficRingTests {
    private func ring(_ seconds: Int = 10) -> TrafficRing { TrafficRing(seconds: seconds) }

    @Test("has the seconds that are over, with what was counted in each")
    func counts() {
        var ring = ring()
        ring.advance(to: 100)
        ring.add(requests: 5, errors: 1, at: 100)
        ring.add(requests: 2, errors: 0, at: 100)
        ring.add(milliseconds: 4, at: 100)
        #expect(ring.seconds(after: 0).isEmpty, "the second is not over")
        ring.advance(to: 101)
        let expected = TrafficSecond(at: 100, requests: 7, errors: 1, times: [.init(milliseconds: 4, count: 1)])
        #expect(ring.seconds(after: 0) == [expected])
        #expect(ring.seconds(after: 99) == [expected])
        #expect(ring.seconds(after: 100).isEmpty)
        #expect(ring.seconds(after: .max).isEmpty)
    }

    @Test("tells a second without requests from one in which nobody counted")
    func gaps() {
        var ring = ring()
        for second in [100, 101, 104] {
            ring.advance(to: second)
            ring.add(requests: second == 101 ? 0 : 3, errors: 0, at: second)
        }
        ring.advance(to: 105)
        #expect(ring.seconds(after: 0).map(\.at) == [100, 101, 104])
        #expect(ring.seconds(after: 0).map(\.requests) == [3, 0, 3])
    }

    @Test("forgets what is older than it is long, times too")
    func wraps() {
        var ring = ring()
        for second in 100..<125 {
            ring.advance(to: second)
            ring.add(requests: second, errors: 0, at: second)
            if second < 110 { ring.add(milliseconds: 7, at: second) }
        }
        let seconds = ring.seconds(after: 0)
        #expect(seconds.map(\.at) == Array(115..<124))
        #expect(seconds.allSatisfy { $0.requests == $0.at && $0.times == nil })
        // A long silence leaves nothing of before.
        ring.advance(to: 1_000_000)
        #expect(ring.seconds(after: 0).isEmpty)
    }

    @Test("takes what comes late, and nothing that is older or ahead")
    func late() {
        var ring = ring()
        ring.advance(to: 100)
        for second in [90, 91, 98, 101] { ring.add(milliseconds: 5, at: second) }
        ring.advance(to: 101)
        #expect(ring.seconds(after: 0).map(\.at) == [98])
    }

    @Test("believes a clock that goes back: the seconds that come again are not counted twice")
    func clockBack() {
        var ring = ring()
        for second in 100...105 {
            ring.advance(to: second)
            ring.add(requests: 1, errors: 0, at: second)
        }
        ring.advance(to: 103)
        ring.add(requests: 1, errors: 0, at: 104)
        ring.advance(to: 104)
        ring.add(requests: 1, errors: 0, at: 104)
        ring.advance(to: 106)
        #expect(ring.seconds(after: 0).map(\.at) == [100, 101, 102, 103, 104])
        #expect(ring.seconds(after: 103).map(\.requests) == [1])
    }

    @Test("stays what it is whatever it is told, and does not overflow")
    func absurd() {
        let numbers = [Int.min, Int.min + 1, -1, 0, 1, Int(Int32.max), Int(UInt32.max) + 1, Int.max - 1, Int.max]
        for now in numbers {
            var ring = ring()
            ring.advance(to: 100)
            for second in numbers + [99] {
                for number in numbers {
                    ring.take(
                        TrafficSecond(
                            at: second, requests: number, errors: number,
                            times: [.init(milliseconds: number, count: number), .init(milliseconds: 7, count: .max)]))
                    ring.add(requests: number, errors: number, at: second)
                    ring.add(milliseconds: number, count: number, at: second)
                    ring.add(milliseconds: 7, count: .max, at: second)
                }
            }
            #expect(ring.seconds(after: 0).map(\.requests) == [Int(Int32.max)])
            #expect(ring.seconds(after: 0).first?.errors == Int(UInt32.max))
            #expect(ring.seconds(after: 0).first?.times?.map(\.count).max() == Int(UInt32.max))
            ring.advance(to: now)
            for after in numbers { #expect(ring.seconds(after: after).count <= 1) }
        }
        var histogram = TimeHistogram()
        for number in numbers + numbers { histogram.add(milliseconds: 5, count: number) }
        #expect(histogram.percentile(0.99) == 5)
    }

    @Test("takes over what another one says, and again when it says more")
    func takes() {
        var (one, other) = (ring(), ring())
        one.advance(to: 101)
        one.add(requests: 4, errors: 2, at: 100)
        one.add(milliseconds: 300, count: 3, at: 100)
        other.advance(to: 101)
        for _ in 0..<2 { for second in one.seconds(after: 0) { other.take(second) } }
        #expect(other.seconds(after: 0) == one.seconds(after: 0))
        one.add(milliseconds: 1, at: 100)
        for second in one.seconds(after: 0) { other.take(second) }
        #expect(other.seconds(after: 0) == one.seconds(after: 0))
    }
}

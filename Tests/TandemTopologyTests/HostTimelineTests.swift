import TandemTopology
import Testing

@Suite("What an agent tells of its last hour")
struct HostTimelineTests {
    private func ring(_ seconds: Range<Int>) -> TrafficRing {
        var ring = TrafficRing()
        for second in seconds {
            ring.advance(to: second)
            ring.add(requests: second, errors: 0, at: second)
        }
        ring.advance(to: seconds.upperBound)
        return ring
    }

    @Test("comes in several answers, each of which says where the next begins, and loses nothing")
    func portions() {
        let now = 100_000
        let ring = ring(now - 3599..<now)
        var found: [TrafficSecond] = []
        var after = 0
        for number in 1...8 {
            let answer = HostTimeline(host: "lb1", ring: ring, events: [], after: after)
            #expect(answer.now == now && answer.seconds.count <= HostTimeline.mostSeconds)
            found += answer.seconds
            guard let until = answer.until else {
                #expect(number == 6)
                break
            }
            #expect(until > after)
            after = until
        }
        #expect(found == ring.seconds(after: 0) && found.count == 3599)
    }

    @Test("is one answer where it has few seconds, with the events since then")
    func one() {
        let events = [5, 1_000, 9_990].map { HostEvent(at: $0, kind: .settings, service: nil) }
        let all = HostTimeline(host: "lb1", ring: ring(9_900..<10_000), events: events, after: 0)
        #expect(all.seconds.count == 100 && all.until == nil)
        #expect(all.events.map(\.at) == [9_990], "what is older than an hour is over")
        let last = HostTimeline(host: "lb1", ring: ring(9_900..<10_000), events: events, after: 9_995)
        #expect(last.seconds.map(\.at) == [9_996, 9_997, 9_998, 9_999] && last.events.isEmpty)
    }

    @Test("is bounded, whatever an agent says")
    func bounded() {
        let times = [TrafficSecond.Time](repeating: .init(milliseconds: 1, count: 1), count: 9_000)
        let long = String(repeating: "e" + String(repeating: "\u{301}", count: 99), count: 999)
        let events = [Int.min, -1, 7, .max].map { HostEvent(at: $0, kind: .failed, service: long, detail: long) }
        let timeline = HostTimeline(
            host: "lb1", now: .max, seconds: Array(repeating: TrafficSecond(at: 1, times: times), count: 5_000),
            events: Array(repeating: events[2], count: 5_000) + events, until: 3
        ).bounded
        #expect(timeline.seconds.count == TrafficRing.hour && timeline.until == 3)
        #expect(timeline.seconds.allSatisfy { $0.times?.count == TimeClasses.count })
        #expect(timeline.events.count <= HostTimeline.mostEvents && timeline.events.allSatisfy { $0.at == 7 })
        #expect(timeline.events.allSatisfy { ($0.detail?.unicodeScalars.count ?? 0) <= 300 })
    }
}

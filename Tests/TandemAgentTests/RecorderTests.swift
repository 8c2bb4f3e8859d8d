import Foundation
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("What an agent counts each second")
struct CounterStepsTests {
    @Test("is the difference of two looks; a late look is spread over its seconds")
    func steps() {
        var steps = CounterSteps()
        #expect(steps.look(requests: 1000, errors: 3, at: 100).isEmpty)
        #expect(steps.look(requests: 1010, errors: 4, at: 101) == [.init(at: 101, requests: 10, errors: 1)])
        #expect(
            steps.look(requests: 1017, errors: 4, at: 103) == [
                .init(at: 102, requests: 3, errors: 0), .init(at: 103, requests: 4, errors: 0),
            ])
        #expect(steps.look(requests: 1018, errors: 4, at: 103) == [.init(at: 103, requests: 1, errors: 0)])
    }

    @Test("is unknown after a pause and when the clock goes back, and begins anew with the counter")
    func unknown() {
        var steps = CounterSteps()
        _ = steps.look(requests: 1000, errors: 0, at: 100)
        #expect(steps.look(requests: 9000, errors: 0, at: 106).isEmpty)
        #expect(steps.look(requests: 9001, errors: 0, at: 99).isEmpty)
        #expect(steps.look(requests: 9002, errors: 0, at: 100) == [.init(at: 100, requests: 1, errors: 0)])
        #expect(steps.look(requests: 5, errors: 1, at: 101) == [.init(at: 101, requests: 5, errors: 1)])
    }
}

@Suite("What happened to services")
struct ServiceEventsTests {
    private func status(
        _ pid: Int32?, restarts: Int = 0, _ state: ServiceStatus.State = .running, detail: String? = nil
    ) -> [ServiceStatus] {
        [
            ServiceStatus(
                name: "app", state: state, pid: pid, address: "", since: "", restarts: restarts, detail: detail)
        ]
    }

    @Test("tells one that ended by itself from one that was restarted on purpose")
    func kinds() {
        var events = ServiceEvents()
        func kinds(_ statuses: [ServiceStatus]) -> [HostEvent.Kind] {
            events.look(statuses, version: "1", at: 7).map(\.kind)
        }
        #expect(kinds(status(nil, .starting)) == [])
        #expect(kinds(status(10)) == [], "the first start")
        #expect(kinds(status(nil, restarts: 1, .starting)) == [.ended])
        #expect(kinds(status(11, restarts: 1)) == [])
        #expect(kinds(status(12, restarts: 2)) == [.ended], "between two looks")
        #expect(kinds(status(nil, restarts: 2, .starting)) == [])
        #expect(kinds(status(13, restarts: 2)) == [.restarted])
        #expect(kinds(status(nil, restarts: 3, .failed, detail: "no such table\nmore")) == [.ended, .failed])
        #expect(kinds(status(14, restarts: 3, .starting)) == [])
        #expect(kinds(status(14, restarts: 3)) == [.recovered])
    }

    @Test("says of a failure its first line, and of settings that they are others")
    func details() {
        var events = ServiceEvents()
        _ = events.look(status(1), version: "1", at: 1)
        #expect(
            events.look(status(nil, .failed, detail: "no such table\nmore"), version: "2", at: 2) == [
                HostEvent(at: 2, kind: .settings, service: nil),
                HostEvent(at: 2, kind: .failed, service: "app", detail: "no such table"),
            ])
        #expect(events.look(status(nil, .failed), version: "2", at: 3).isEmpty)
    }
}

@Suite("The answer to /timeline")
struct TimelineAnswerTests {
    /// What `AgentClient` takes.
    private let limitBytes = 4 << 20

    @Test("fits into what is taken of it, with the largest numbers and the longest events that there can be")
    func largest() throws {
        let now = 2_000_000_000
        var ring = TrafficRing()
        ring.advance(to: now)
        let times = (0..<TimeClasses.count).map {
            TrafficSecond.Time(milliseconds: TimeClasses.upperEnd(of: $0), count: .max)
        }
        for second in now - TrafficRing.hour..<now {
            ring.take(TrafficSecond(at: second, requests: .max, errors: .max, times: times))
        }
        // Written as \u0001, the longest form of a character in JSON.
        let detail = HostEvent.bounded(detail: String(repeating: "\u{1}", count: 10_000))
        let event = HostEvent(at: now, kind: .failed, service: String(repeating: "w", count: 20), detail: detail)
        let answer = HostTimeline(
            host: String(repeating: "h", count: 63), ring: ring, events: .init(repeating: event, count: 1_000), after: 0
        )
        #expect(answer.until != nil && answer.seconds.count == HostTimeline.mostSeconds)
        let bytes = try JSONText.encode(answer, isPretty: false).utf8.count
        #expect(bytes > 2 << 20, "the test makes the largest answer: \(bytes) bytes")
        #expect(bytes < limitBytes * 3 / 4, "\(bytes) bytes")
    }

    @Test("of a failure has its first line, bounded in what it may be made of")
    func detail() {
        var events = ServiceEvents()
        func status(_ state: ServiceStatus.State, _ detail: String?) -> [ServiceStatus] {
            [ServiceStatus(name: "app", state: state, address: "", since: "", detail: detail)]
        }
        _ = events.look(status(.running, nil), version: nil, at: 1)
        let accents = String(repeating: "\u{301}", count: 100_000)
        let event = events.look(status(.failed, "e\(accents)\nmore"), version: nil, at: 2).first
        #expect(event?.detail?.unicodeScalars.count == 300)
    }
}

@Suite("nginx's log, read as it is written")
struct AccessLogTests {
    private func entry(_ line: String, parser: inout AccessLogParser) -> AccessLogParser.Entry? {
        Array(line.utf8).withUnsafeBufferPointer { parser.entry($0) }
    }

    private func line(
        _ time: String = "2026-11-27T17:11:24.123+00:00", request: String = "GET /a b HTTP/1.1", status: Int = 200,
        seconds: String = "0.042", port: Int = 4443
    ) -> String {
        "\(time) 203.0.113.7 \"\(request)\" \(status) 512 \(seconds) id=01a2-b3 port=\(port) balancer=lb1 "
            + "upstream=\"127.0.0.1:3000\" upstream_status=\"200\" upstream_time=\"0.041\""
    }

    @Test("tells in which second a request ended, by UTC, and how long it took")
    func times() {
        var parser = AccessLogParser(port: 4443)
        let second = 1_795_799_484
        #expect(entry(line(), parser: &parser) == .init(second: second, milliseconds: 42))
        #expect(entry(line(seconds: "12.003"), parser: &parser) == .init(second: second, milliseconds: 12_003))
        #expect(entry(line("2026-11-27T19:11:24.9+02:00"), parser: &parser)?.second == second)
        #expect(entry(line("2026-11-27T13:41:25-03:30"), parser: &parser)?.second == second + 1)
        for (text, expected) in [
            ("1970-01-01T00:00:00+00:00", 0), ("2000-02-29T23:59:59+00:00", 951_868_799),
            ("2024-12-31T00:00:00+00:00", 1_735_603_200),
        ] {
            #expect(entry(line(text), parser: &parser)?.second == expected, "\(text)")
        }
        // What a client sends is no field.
        #expect(entry(line(request: #"GET /\x22 500 1 9.999 id= port=1 "#), parser: &parser)?.milliseconds == 42)
    }

    @Test("counts no WebSockets, nothing that another web server passed on, and no nonsense")
    func others() {
        var parser = AccessLogParser(port: 4443)
        for text in [
            line(status: 101), line(port: 4444), line(port: 44430), line("yesterday, at about noon, UTC"), "", "\"",
            "\"\"",
            String(line().prefix(60)), line(seconds: "-"), line(seconds: "99999999999999999999"),
        ] {
            #expect(entry(text, parser: &parser) == nil, "\(text)")
        }
    }

    @Test("is read from its end on, in whole lines, and from its beginning after it was emptied")
    func growing() throws {
        let folder = try TemporaryFolder()
        try folder.put("access.log", "old\n")
        var file = GrowingFile(path: "\(folder.path)/access.log")
        func lines() -> [String] {
            var lines: [String] = []
            file.forEachLine { lines.append(String(decoding: $0, as: UTF8.self)) }
            return lines
        }
        #expect(lines() == [])
        try folder.put("access.log", "old\none\ntw")
        #expect(lines() == ["one"])
        #expect(lines() == [])
        try folder.put("access.log", "old\none\ntwo\n\nx\n")
        #expect(lines() == ["two", "", "x"])
        try folder.put("access.log", "new\n")
        #expect(lines() == ["new"])
        var later = GrowingFile(path: "\(folder.path)/later.log")
        later.forEachLine { _ in }
        try folder.put("later.log", "first\n")
        var found: [String] = []
        later.forEachLine { found.append(String(decoding: $0, as: UTF8.self)) }
        #expect(found == ["first"])
    }
}

import Foundation
import Synchronization
import TandemAgent
import TandemStack
import TandemTopology
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("The live page's hour")
struct PageHourTests {
    private func timeline(
        _ seconds: ClosedRange<Int>, requests: Int = 1, now: Int? = nil, until: Int? = nil
    ) -> HostTimeline {
        HostTimeline(
            host: "?", now: now ?? seconds.upperBound + 1,
            seconds: seconds.map { TrafficSecond(at: $0, requests: requests, errors: 0) }, events: [], until: until)
    }

    @Test("tells each second what hosts with late clocks have counted, too")
    func lateClock() {
        var hour = PageHour()
        hour.take(timeline(10_000...10_100), of: "lb1", at: 10_101)
        hour.take(timeline(10_000...10_070), of: "lb2", at: 10_101)
        let revision = hour.revision
        hour.take(timeline(10_098...10_101), of: "lb1", at: 10_102)
        hour.take(timeline(10_066...10_071), of: "lb2", at: 10_102)
        let told = hour.points(after: hour.news)
        #expect(told.first { $0.at == 10_071 }?.requests == 2 && told.last?.at == 10_101)
        #expect(hour.revision == revision, "nothing older has changed")
    }

    @Test("tells so for two minutes of difference; beyond that the whole hour is told again")
    func veryLateClock() {
        var hour = PageHour()
        hour.take(timeline(10_000...10_300), of: "lb1", at: 10_301)
        hour.take(timeline(10_000...10_100), of: "lb2", at: 10_301)
        #expect(hour.points(after: hour.news).count <= 130)
        let revision = hour.revision
        hour.take(timeline(10_096...10_101), of: "lb2", at: 10_302)
        #expect(hour.revision == revision + 1)
        hour.take(timeline(10_096...10_101), of: "lb2", at: 10_302)
        #expect(hour.revision == revision + 1, "the same again is no news")
    }

    @Test("is told again when an agent that was silent tells what is older, and when a clock was set back")
    func revisions() {
        var hour = PageHour()
        hour.take(timeline(10_000...10_001), of: "lb1", at: 10_002)
        #expect(hour.revision == 1, "the first that is known")
        hour.take(timeline(10_000...10_002), of: "lb1", at: 10_003)
        #expect(hour.revision == 1)
        hour.take(timeline(9_000...10_002), of: "lb2", at: 10_003)
        #expect(hour.revision == 2)
        // It is asked for what comes after the second that it told last, and has nothing.
        hour.take(HostTimeline(host: "?", now: 9_903, seconds: [], events: []), of: "lb1", at: 9_903)
        #expect(hour.revision == 3)
        hour.take(timeline(9_900...9_902), of: "lb2", at: 9_903)
        #expect(hour.points(after: 0).last?.at == 9_902, "what lies after a clock that was set back is forgotten")
    }

    @Test("is asked for where the last answer ended")
    func portions() {
        var hour = PageHour()
        hour.take(timeline(7_000...7_599, now: 10_000, until: 7_599), of: "lb1", at: 10_000)
        #expect(hour.after("lb1") == 7_599)
        hour.take(timeline(7_600...8_199, now: 10_001, until: 8_199), of: "lb1", at: 10_001)
        #expect(hour.after("lb1") == 8_199 && hour.points(after: 0).count == 1_200)
        hour.take(timeline(8_200...10_001), of: "lb1", at: 10_002)
        #expect(hour.after("lb1") == 10_002 - PageHour.overlapSeconds)
    }

    @Test("is that of this machine's clock: hosts that are an hour away are left out, now and later")
    func foreignClock() {
        var hour = PageHour()
        for now in [Int.min, -1, 0, 6_000, 14_000, 1 << 41, Int.max] {
            hour.take(HostTimeline(host: "?", now: now, seconds: [], events: []), of: "server1", at: 10_000)
        }
        hour.take(timeline(9_990...9_999), of: "lb1", at: 10_000)
        #expect(hour.now == 10_000 && hour.points(after: hour.news).map(\.at) == Array(9_991...9_999))
        // This machine's own clock is set back, and lb1 is silent since.
        hour.take(timeline(1_000...1_001), of: "lb2", at: 1_002)
        #expect(hour.now == 1_002)
    }
}

@Suite("When the live page asks and tells")
struct PagePaceTests {
    private let start = ContinuousClock.now

    private func change(_ epoch: Int, isWhole: Bool) -> FailoverChange? {
        let steps = isWhole ? #", "steps": {"opened": 116}"# : ""
        let text = #"{"epoch": \#(epoch), "primary": "server1", "cause": "forced"\#(steps)}"#
        return try? JSONDecoder().decode(FailoverChange.self, from: Data(text.utf8))
    }

    /// In which seconds of a minute the changes are read.
    private func seconds(_ epoch: (Int) -> Int, _ answer: (Int) -> FailoverChange??) -> [Int] {
        var reading = ChangesReading()
        return (0..<60).filter { second in
            guard reading.isDue(epoch: epoch(second), now: start + .seconds(second)) else { return false }
            if case .some(let newest) = answer(second) { reading.hear(newest) }
            return true
        }
    }

    @Test("changes of primary are read at once where there is one, and else each ten seconds")
    func changes() {
        #expect(change(1, isWhole: true)?.steps != nil)
        #expect(seconds({ _ in 1 }, { _ in change(1, isWhole: true) }) == [0, 10, 20, 30, 40, 50])
        #expect(
            seconds({ $0 < 15 ? 1 : 2 }, { change($0 < 17 ? 1 : 2, isWhole: true) })
                == [0, 10, 15, 16, 18, 28, 38, 48, 58], "until it is written down")
    }

    @Test("a change that is never completed, and agents that do not answer, are asked more and more seldom")
    func incomplete() {
        let expected = [0, 1, 3, 7, 15, 25, 35, 45, 55]
        #expect(seconds({ _ in 1 }, { _ in change(1, isWhole: false) }) == expected)
        #expect(seconds({ _ in 1 }, { _ in nil }) == expected)
        #expect(seconds({ _ in 0 }, { _ in .some(nil) }) == expected, "there was none yet")
    }

    @Test("a browser is told the hour once, and again when it has changed, five seconds later at the soonest")
    func hours() {
        var told = HoursTold()
        func next(_ listeners: Set<Int>, _ revision: Int, _ second: Int) -> Set<Int> {
            told.next(listeners, revision: revision, now: start + .seconds(second))
        }
        #expect(next([1], 1, 0) == [1])
        #expect(next([1, 2], 1, 1) == [2])
        #expect(next([1, 2], 2, 2) == [])
        #expect(next([1, 2], 3, 5) == [1])
        #expect(next([1, 2], 3, 6) == [2])
        #expect(next([1, 2], 3, 60) == [])
        #expect(next([2], 3, 61) == [] && next([1, 2], 3, 62) == [1], "one that has come back")
    }
}

@Suite("What the live page asks an agent")
struct HostPollTests {
    /// An agent whose mysqld hangs, so that some of its answers never come.
    private struct HangingAgent: PageSource {
        func never() async throws -> Never {
            while true { try await Task.sleep(for: .seconds(3600)) }
        }

        func status(of host: TandemStack.Host, timeout: Duration) async throws -> HostStatus { Sample.answer(host) }
        func topology(from host: TandemStack.Host, timeout: Duration) async throws -> Topology { try await never() }
        func failover(of host: TandemStack.Host, timeout: Duration) async throws -> FailoverStatus { try await never() }
        func statistics(of host: TandemStack.Host, timeout: Duration) async throws -> HostStatistics {
            try await never()
        }
        func timeline(
            of host: TandemStack.Host, after: Int, timeout: Duration
        ) async throws -> HostTimeline {
            let now = Int(Date().timeIntervalSince1970)
            // The older half first.
            let seconds = after == 0 ? now - 20..<now - 10 : now - 10..<now
            return HostTimeline(
                host: "another", now: now, seconds: seconds.map { TrafficSecond(at: $0, requests: 1, errors: 0) },
                events: [HostEvent(at: now - 1, kind: .settings, service: nil)],
                until: after == 0 ? now - 11 : nil)
        }
    }

    private func assembly(_ board: PageBoard) async -> PageAssembly {
        await board.assembly(Sample.applied(), StackKeeping(isAlive: true, pid: 7))
    }

    @Test("is heard answer by answer: one that does not come makes no agent silent", .timeLimit(.minutes(3)))
    func hanging() async throws {
        let board = PageBoard()
        let host = Sample.laptop[2]
        let poll = HostPoll(host: host, isVoter: true, source: HangingAgent(), board: board, isLooked: { true })
        let seen = await withTaskGroup(of: Void.self) { group in
            group.addTask { await poll.run() }
            var times: Set<ContinuousClock.Instant> = []
            var last = await assembly(board)
            // On a busy machine it may look silent for a moment, which the next answer ends.
            while times.count < 3 || last.state.silent.contains(where: { $0.host == host.name }), !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(50))
                last = await assembly(board)
                if let time = last.words[host.name]?.answeredAt { times.insert(time) }
            }
            group.cancelAll()
            #expect(times.count >= 3)
            return last
        }
        #expect(await board.hasHeard(of: [host]))
        #expect(!seen.state.silent.contains { $0.host == host.name })
        #expect(seen.hour.points(after: 0).count >= 20, "the hour is told in two answers")
        #expect(seen.words["another"] == nil && seen.words[host.name]?.events.isEmpty == false)
    }

    @Test("is asked nothing while nobody looks")
    func unseen() async {
        let board = PageBoard()
        let poll = HostPoll(
            host: Sample.laptop[2], isVoter: true, source: HangingAgent(), board: board, isLooked: { false })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await poll.run() }
            try? await Task.sleep(for: .seconds(2))
            group.cancelAll()
        }
        #expect(await assembly(board).words.isEmpty)
    }
}

@Suite("The browsers that show the live page")
struct PageFeedTests {
    @Test("have one register, whoever tells them: eight of both kinds, and a place is free once one has gone")
    func register() async throws {
        let feed = PageFeed()
        let shared = (0..<PageFeed.mostListeners - 2).compactMap { _ in feed.listen() }
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        func own() -> AsyncStream<String>? {
            feed.listen { reader in
                reader.yield("hello")
                try? await Task.sleep(for: .seconds(3600))
                continuation.yield()
            }
        }
        let kept = own()
        var left = own()
        #expect(shared.count == PageFeed.mostListeners - 2 && kept != nil && left != nil)
        #expect(own() == nil && feed.listen() == nil)
        var reader = left?.makeAsyncIterator()
        #expect(await reader?.next() == "hello")
        (reader, left) = (nil, nil)
        // Its source is cancelled.
        for await _ in ended { break }
        #expect(feed.numbers.count == PageFeed.mostListeners - 1 && feed.listen() != nil)
        withExtendedLifetime((shared, kept)) {}
        feed.end()
    }

    @Test("are told the end when what tells one of them has ended", .timeLimit(.minutes(1)))
    func ends() async {
        let feed = PageFeed()
        var events: [String] = []
        if let stream = feed.listen({ $0.yield("only") }) { for await event in stream { events.append(event) } }
        #expect(events == ["only"])
        while feed.hasListeners, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(10)) }
    }
}

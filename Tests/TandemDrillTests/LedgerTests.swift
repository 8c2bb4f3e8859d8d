import Foundation
import Testing

@testable import TandemDrill

@Suite("The ledger")
struct LedgerTests {
    @Test("a read counts by its first answer, and by its one retry where it was cut before any byte of one")
    func reads() {
        let ok = Attempt.answered(status: 200, hasText: true)
        #expect(Outcome.ofRead(ok) == .good)
        #expect(Outcome.ofRead(.answered(status: 304, hasText: true)) == .good)
        #expect(Outcome.ofRead(.cut("reset"), ok) == .retried)
        #expect(Outcome.ofRead(.notSent("refused"), ok) == .retried)
        #expect(Outcome.ofRead(.cut("reset"), .cut("reset")) == .failed)
        #expect(Outcome.ofRead(.cut("reset"), .answered(status: 503, hasText: true)) == .failed)
        #expect(Outcome.ofRead(.answered(status: 503, hasText: true)) == .failed)
        #expect(Outcome.ofRead(.cutInAnswer("reset")) == .failed)
        #expect(Outcome.ofRead(.timedOut) == .failed)
        // A browser sends these once.
        #expect(!Outcome.isRepeatable(.cutInAnswer("reset")))
        #expect(!Outcome.isRepeatable(.timedOut))
        #expect(!Outcome.isRepeatable(.answered(status: 503, hasText: true)))
        #expect(Outcome.isRepeatable(.cut("reset")) && Outcome.isRepeatable(.notSent("refused")))
    }

    @Test("a write that was cut is unknown, and so is one that a gateway gave up; one that was refused has failed")
    func writes() {
        #expect(Outcome.ofWrite(.answered(status: 201, hasText: true)) == .good)
        for attempt in [
            Attempt.cut("reset"), .cutInAnswer("reset"), .timedOut, .answered(status: 502, hasText: true),
            .answered(status: 504, hasText: true),
        ] { #expect(Outcome.ofWrite(attempt) == .unknown, "\(attempt)") }
        for attempt in [
            Attempt.notSent("refused"), .answered(status: 503, hasText: true), .answered(status: 500, hasText: true),
            .answered(status: 422, hasText: true), .answered(status: 302, hasText: true),
        ] { #expect(Outcome.ofWrite(attempt) == .failed, "\(attempt)") }
    }

    @Test("a visitor's own write that is not in the answer is stale, and a failure is no staleness")
    func rereads() {
        #expect(Outcome.ofReread(.answered(status: 200, hasText: true)) == .good)
        #expect(Outcome.ofReread(.answered(status: 200, hasText: false)) == .stale)
        #expect(Outcome.ofReread(.answered(status: 404, hasText: false)) == .stale)
        #expect(Outcome.ofReread(.answered(status: 503, hasText: false)) == .failed)
        #expect(Outcome.ofReread(.cut("reset"), .answered(status: 404, hasText: false)) == .stale)
        #expect(Outcome.ofReread(.cut("reset"), .answered(status: 200, hasText: true)) == .retried)
    }

    @Test("every write is settled: acknowledged and lost, done twice, unknown and there or not")
    func settlement() throws {
        var book = WriteBook()
        let states: [WriteBook.State] = [
            .acknowledged, .acknowledged, .acknowledged, .unknown, .unknown, .failed, .failed,
        ]
        for state in states {
            let number = book.open()
            book.close(try #require(number), as: state)
        }
        let underWay = book.open()
        #expect(underWay == 7)
        for number in [0, 1, 1, 3, 6] { book.found(number) }
        book.found(99)
        #expect(book.missing(in: 0..<8) == [2])
        let all = book.settlement(of: 0..<8)
        #expect(all.acknowledged == 3 && all.lost == 1 && all.duplicated == 1)
        #expect(all.unknown == 3 && all.unknownStored == 1)
        #expect(all.failed == 2 && all.failedStored == 1)
        #expect(book.settlement(of: 0..<2).lost == 0)
        #expect(book.settlement(of: 2..<100).lost == 1, "a range may reach beyond what was written")
        for _ in 0..<300 { book.found(0) }
        #expect(book.timesFound(0) == 3 && book.state(0) == .acknowledged)
        book.forgetFound(in: 0..<8)
        #expect(book.missing(in: 0..<8) == [0, 1, 2])
    }

    @Test("the book is bounded: what has no number is not written")
    func bound() {
        let ledger = Ledger(marker: Marker(run: "0000aa"), mostWrites: 2)
        #expect(ledger.begin(.write)?.number == 0)
        #expect(ledger.begin(.write)?.number == 1)
        #expect(ledger.begin(.write) == nil)
        #expect(ledger.begin(.read) != nil)
    }

    @Test("percentiles are within 3 %, from a microsecond to an hour")
    func histogram() throws {
        #expect(Histogram().percentile(0.99) == nil)
        for scale in [1, 37, 1000, 54_321, 1_000_000] {
            var histogram = Histogram()
            for value in 1...1000 { histogram.add(microseconds: value * scale) }
            for (share, exact) in [(0.5, 500), (0.99, 990), (1.0, 1000)] {
                let found = try #require(histogram.percentile(share))
                let error = abs(Double(found - exact * scale)) / Double(exact * scale)
                #expect(error <= 0.032, "\(share) of 1 to 1000 times \(scale): \(found)")
            }
            #expect(histogram.slowestMicroseconds == 1000 * scale)
        }
        var long = Histogram()
        long.add(microseconds: .max)
        #expect(long.count == 1)
    }

    @Test("the window counts each request once: what began before it, what ends in it, and what outlives it")
    func windows() async throws {
        let ledger = Ledger(marker: Marker(run: "0000aa"))
        let outside = try #require(ledger.begin(.read))
        ledger.end(outside, .good)
        let early = try #require(ledger.begin(.write))
        ledger.openWindow()
        ledger.end(try #require(ledger.begin(.read)), .good)
        ledger.struck()
        // Under way when the fault struck.
        ledger.end(early, .unknown, words: "cut")
        ledger.end(try #require(ledger.begin(.read)), .retried)
        ledger.end(try #require(ledger.begin(.reread)), .stale, words: "old")
        let slow = try #require(ledger.begin(.read))
        ledger.isOver()
        async let closed = ledger.closeWindow(bound: .seconds(60))
        // Began after the window was closed: it is none of its.
        var later = try #require(ledger.begin(.read))
        for _ in 0..<6000 where later.window != nil {
            ledger.drop(later)
            try await Task.sleep(for: .milliseconds(5))
            later = try #require(ledger.begin(.read))
        }
        ledger.end(later, .failed, words: "later")
        ledger.end(slow, .failed, words: "slow")
        let (window, writes) = await closed
        #expect(window.reads.sent == 4 && window.reads.good == 1 && window.reads.retried == 1)
        #expect(window.reads.stale == 1 && window.reads.failed == 1)
        #expect(window.writes.sent == 1 && window.writes.unknown == 1)
        #expect(writes == 1)
        #expect(window.failures.count == 3 && window.failures.contains { $0.contains("slow") })
        let bins = window.timeline.bins
        #expect(bins.map { $0.answered + $0.retried + $0.failed + $0.unknown }.reduce(0, +) == 5)
        #expect(ledger.progress.reads.sent == 6 && ledger.progress.writes.sent == 1)
        #expect(ledger.progress.underWay == 0)
        #expect(ledger.withBook { $0.state(0) } == .unknown)
    }

    @Test("a pause is the longest time without a good answer, from the fault to the end of the window")
    func gaps() {
        var window = Window()
        func good(_ milliseconds: Int) {
            window.add(
                .read, .good, phase: .before, endedAt: .milliseconds(milliseconds), took: .milliseconds(1), words: nil)
        }
        good(900)
        window.struck()
        // A silence that had begun counts from its beginning; the one before the fault does not.
        good(1100)
        #expect(window.longestReadGap == .milliseconds(200))
        window.add(.read, .failed, phase: .during, endedAt: .milliseconds(1300), took: .milliseconds(9), words: "x")
        good(1600)
        #expect(window.longestReadGap == .milliseconds(500), "a failure is no answer")
        window.close(at: .milliseconds(2400))
        #expect(window.longestReadGap == .milliseconds(800))
        #expect(window.longestWriteGap == .zero, "nobody wrote")
    }

    @Test("a timeline keeps every request, however long it gets, in a bounded number of bins")
    func timeline() {
        var timeline = Timeline()
        for second in 0..<5000 { timeline.add(.good, at: second * 1000, tookMilliseconds: second) }
        timeline.add(.failed, at: 100, tookMilliseconds: 7)
        #expect(timeline.bins.count <= Timeline.mostBins)
        #expect(timeline.bins.map(\.answered).reduce(0, +) == 5000)
        #expect(timeline.bins[0].failed == 1)
        #expect(timeline.bins.map(\.slowestMilliseconds).max() == 4999)
    }

    @Test("the text of a write is found in whatever an app makes of it, and no other drill's is")
    func marker() {
        let marker = Marker(run: "7f3a9c")
        #expect(marker.text(12) == "drill.7f3a9c.00000012")
        let answer =
            #"[{"b":"drill.7f3a9c.00000012"},{"b":"drill.7f3a9c.00000120"},{"b":"drill.aaaaaa.00000012"},"#
            + #"{"slug":"drill-7f3a9c-00000012"},{"b":"drill.7f3a9c.00000012"},{"b":"drill.7f3a9c.0000"#
        #expect(marker.numbers(in: Array(answer.utf8)) == [12, 120, 12])
        #expect(
            marker.fill("/a?x={text}&o={offset}&{run}-{number}", number: 3, offset: 50)
                == "/a?x=drill.7f3a9c.00000003&o=50&7f3a9c-00000003")
        #expect(Marker(seed: .max).run.count == 6 && Marker(seed: 1).run == "000001")
    }

    @Test("a thousand requests a second for ten minutes stay within a few megabytes, exact to the request")
    func cost() throws {
        let folder = FileManager.default.temporaryDirectory.path
        let path = "\(folder)/ledger-\(UInt32.random(in: 0 ... .max)).csv"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let ledger = Ledger(marker: Marker(run: "0000aa"), file: try LedgerFile(path: path))
        ledger.openWindow()
        let before = Self.residentBytes
        let count = 600_000
        for number in 0..<count {
            let ticket = try #require(ledger.begin(number.isMultiple(of: 4) ? .write : .read))
            ledger.end(ticket, number.isMultiple(of: 1000) ? .unknown : .good, words: nil)
        }
        ledger.flush()
        #expect(Self.residentBytes - before < 16 << 20, "grew by \(Self.residentBytes - before)")
        let progress = ledger.progress
        #expect(progress.reads.sent == count * 3 / 4 && progress.writes.sent == count / 4)
        #expect(progress.writes.unknown == count / 1000)
        let lines = try String(contentsOfFile: path, encoding: .utf8).utf8.count { $0 == UInt8(ascii: "\n") }
        #expect(lines == count + 1)
    }

    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}

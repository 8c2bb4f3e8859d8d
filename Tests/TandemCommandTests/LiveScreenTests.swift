import Foundation
import Testing

@testable import TandemOperator
@testable import tandem

@Suite("A picture that is drawn again and again")
struct LiveScreenTests {
    @Test("is drawn over the one before it, without clearing first")
    func frame() {
        #expect(
            LiveScreen.frame("one\ntwo\n", rows: 24) == "\u{1B}[Hone\u{1B}[K\r\ntwo\u{1B}[K\r\n\u{1B}[J")
    }

    @Test("never scrolls: what has no room is counted")
    func low() {
        let text = (1...10).map { "line \($0)\n" }.joined()
        let frame = LiveScreen.frame(text, rows: 6)
        #expect(frame.contains("line 4") && !frame.contains("line 5"))
        #expect(frame.contains("… 6 more lines: the window is too low"))
        #expect(frame.split(separator: "\r\n").count == 6)
        #expect(!LiveScreen.frame(text, rows: 11).contains("more lines"))
        #expect(!LiveScreen.frame("x\n", rows: 0).isEmpty)
    }

    @Test("ends after as many pictures as were asked for")
    func count() async throws {
        let pictures = AsyncStream<Void>.makeStream()
        try await LiveScreen(isTerminal: false).show(every: .milliseconds(1), count: 3) {
            pictures.continuation.yield()
            return ""
        }
        pictures.continuation.finish()
        #expect(await pictures.stream.reduce(0) { sum, _ in sum + 1 } == 3)
    }
}

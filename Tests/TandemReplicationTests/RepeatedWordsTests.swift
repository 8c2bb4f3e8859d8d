import Testing

@testable import TandemReplication

@Suite("What a log is told again and again")
struct RepeatedWordsTests {
    @Test("is told once, at once when it says something else, and again after ten seconds")
    func repeated() {
        var words = RepeatedWords()
        let start = ContinuousClock.now
        let said: [(String, Duration)] = [
            ("no", .zero), ("no", .milliseconds(200)), ("no", .seconds(9)), ("never", .seconds(9)), ("no", .seconds(9)),
            ("no", .seconds(18)), ("no", .seconds(19)),
        ]
        let told = said.map { text, time in words.tells(text, at: start + time) }
        #expect(told == [true, false, false, true, true, false, true])
    }
}

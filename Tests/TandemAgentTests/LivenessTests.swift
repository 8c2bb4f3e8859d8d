import Testing

@testable import TandemAgent

@Suite("Whether a process still serves")
struct LivenessTests {
    @Test("one that is stopped is over only when several looks in a row have found it so")
    func stopped() {
        var verdict = LivenessVerdict(silenceBound: .seconds(8), now: .zero)
        #expect(verdict.looked(isStopped: true) == nil)
        #expect(verdict.looked(isStopped: true) == nil)
        #expect(verdict.looked(isStopped: false) == nil, "somebody held it for a moment")
        #expect(verdict.looked(isStopped: true) == nil)
        #expect(verdict.looked(isStopped: true) == nil)
        #expect(verdict.looked(isStopped: true) == "it was frozen (stopped by a signal)")
    }

    @Test("one that is silent is over when both several questions and its time have gone by")
    func silent() {
        var verdict = LivenessVerdict(silenceBound: .seconds(8), now: .zero)
        for second in 1...7 { #expect(verdict.asked(isAnswered: false, at: .seconds(second)) == nil) }
        #expect(verdict.asked(isAnswered: false, at: .seconds(8)) == "it did not answer for 8 s")
    }

    @Test("a machine that slept for an hour condemns nobody")
    func asleep() {
        var verdict = LivenessVerdict(silenceBound: .seconds(8), now: .zero)
        #expect(verdict.asked(isAnswered: true, at: .seconds(1)) == nil)
        #expect(verdict.asked(isAnswered: false, at: .seconds(3600)) == nil)
        #expect(verdict.asked(isAnswered: false, at: .seconds(3602)) == nil)
        #expect(verdict.asked(isAnswered: true, at: .seconds(3603)) == nil)
        #expect(verdict.asked(isAnswered: false, at: .seconds(3604)) == nil)
    }
}

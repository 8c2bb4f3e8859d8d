import Testing

@testable import TandemReplication

@Suite("A server that clients write to is told from one with heartbeats alone")
struct CommitPaceTests {
    private let begin = ContinuousClock.now

    /// - Returns: for each look, whether the server counts as written to.
    private func looks(each seconds: Double, _ counts: [UInt64?], _ pace: inout CommitPace) -> [Bool] {
        counts.enumerated().map { index, count in
            pace.isWritten(count: count, at: begin + .seconds(Double(index) * seconds))
        }
    }

    @Test("Heartbeats are no work, at either pace of looks")
    func heartbeats() {
        for (seconds, steps) in [(0.5, [1, 1, 1, 2, 0, 1]), (0.2, [1, 0, 1, 0, 1, 1])] as [(Double, [UInt64])] {
            var pace = CommitPace()
            var count: UInt64 = 100
            let counts = (0..<60).map { index in
                count += steps[index % steps.count]
                return count as UInt64?
            }
            #expect(looks(each: seconds, counts, &pace).last == false)
        }
    }

    @Test("Writes are, for two seconds after the last; and so is a server that was just begun to be looked at")
    func writes() {
        var pace = CommitPace()
        let counts: [UInt64?] = [1, 2, 3, 4, 5, 6, 7, 40, 41, 42, 43, 44, 45]
        let found = looks(each: 0.5, counts, &pace)
        #expect(found == [true, true, true, true, false, false, false, true, true, true, true, false, false])
    }

    @Test("What cannot be read, and a count that begins anew, is taken for work")
    func unknown() {
        var pace = CommitPace()
        let counts: [UInt64?] = [9, 9, 9, 9, 9, nil, 9, 3]
        #expect(looks(each: 1, counts, &pace) == [true, true, false, false, false, true, true, true])
    }
}

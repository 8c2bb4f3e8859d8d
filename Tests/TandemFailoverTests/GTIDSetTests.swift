import TandemFailover
import Testing

@Suite("Sets of transactions")
struct GTIDSetTests {
    private func set(_ intervals: (UInt32, ClosedRange<UInt64>)...) -> GTIDSet {
        GTIDSet(intervals.map { GTIDSet.Interval(source: $0.0, first: $0.1.lowerBound, last: $0.1.upperBound) })
    }

    @Test("Touching and overlapping intervals become one")
    func normalises() {
        #expect(set((1, 4...6), (1, 1...3), (1, 5...9)) == set((1, 1...9)))
        #expect(set((2, 1...1), (1, 1...1)).intervals.map(\.source) == [1, 2])
    }

    @Test("Subtraction names exactly what the other lacks")
    func subtracts() {
        let ours = set((1, 1...10), (2, 1...5))
        #expect(ours.subtracting(set((1, 1...7), (2, 1...9))) == set((1, 8...10)))
        #expect(ours.subtracting(set((1, 3...4), (1, 8...8))) == set((1, 1...2), (1, 5...7), (1, 9...10), (2, 1...5)))
        #expect(ours.subtracting(ours).isEmpty)
        #expect(ours.subtracting(.empty) == ours)
    }

    @Test("A set contains its parts and not what it lacks")
    func contains() {
        let ours = set((1, 1...10))
        #expect(ours.contains(set((1, 2...9))))
        #expect(!ours.contains(set((1, 10...11))))
        #expect(!ours.contains(set((2, 1...1))))
        #expect(ours.isDisjoint(with: set((1, 11...12), (3, 1...4))))
        #expect(ours.union(set((1, 11...12))).count == 12)
    }
}

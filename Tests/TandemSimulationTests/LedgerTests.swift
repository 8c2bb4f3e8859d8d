import Testing

@testable import TandemSimulation

@Suite("What has been promised")
struct LedgerTests {
    private var ledger = Ledger()
    private let history: [UInt32]

    init() {
        var made: [UInt32] = []
        for number in 1...4 { made.append(ledger.add(origin: 1, sequence: UInt32(number), isClient: true)) }
        history = made
    }

    @Test("may be given up by an operator's word, as far as it was acknowledged before that")
    func forgiven() {
        var ledger = ledger
        let isHeld1 = ledger.promise(history[3], at: 3, of: history)
        #expect(isHeld1)
        ledger.wordIsGiven()
        let lost = ledger.forgive(whatIsNotIn: history[..<2])
        #expect(lost == 2)
        #expect(ledger.holdsPromised(history, upTo: 2))
    }

    @Test("may not be given up where it was acknowledged after the word")
    func unforgiven() {
        var ledger = ledger
        let isHeld2 = ledger.promise(history[1], at: 1, of: history)
        #expect(isHeld2)
        ledger.wordIsGiven()
        let isHeld3 = ledger.promise(history[2], at: 2, of: history)
        #expect(isHeld3)
        let lost = ledger.forgive(whatIsNotIn: history[..<2])
        #expect(lost == nil)
    }

    @Test("is not lost where a deposed server tells, after the word, of a write that the next primary has")
    func toldLate() {
        var ledger = ledger
        let isHeld4 = ledger.promise(history[3], at: 3, of: history)
        #expect(isHeld4)
        ledger.wordIsGiven()
        let isHeld5 = ledger.promise(history[1], at: 1, of: history)
        #expect(isHeld5)
        let lost = ledger.forgive(whatIsNotIn: history[..<2])
        #expect(lost == 2)
    }
}

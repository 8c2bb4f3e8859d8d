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

    private func promise(_ index: Int, _ ledger: inout Ledger) {
        let isHeld = ledger.promise(history[index], at: index, of: history)
        #expect(isHeld)
    }

    @Test("may be given up by an operator's word, as far as it was acknowledged before that")
    func forgiven() {
        var ledger = ledger
        promise(3, &ledger)
        ledger.forceIsConfirmed()
        let lost = ledger.forgive(whatIsNotIn: history[..<2])
        #expect(lost == 2)
        #expect(ledger.holdsPromised(history, upTo: 2))
    }

    @Test("may not be given up where it was acknowledged after the word")
    func unforgiven() {
        var ledger = ledger
        promise(1, &ledger)
        ledger.forceIsConfirmed()
        promise(2, &ledger)
        let lost = ledger.forgive(whatIsNotIn: history[..<2])
        #expect(lost == nil)
    }

    @Test("is not lost where a deposed server tells, after the word, of a write that the next primary has")
    func toldLate() {
        var ledger = ledger
        promise(3, &ledger)
        ledger.forceIsConfirmed()
        promise(1, &ledger)
        let lost = ledger.forgive(whatIsNotIn: history[..<2])
        #expect(lost == 2)
    }
}

import TandemStack

/// Asks the app which writes it has, when nothing is written any more, and notes them in the ledger.
struct Settlement: Sendable {
    let ledger: Ledger
    let door: any FrontDoor
    let write: Drill.Write

    /// What was acknowledged and is not there is asked for again: a replica may be a moment behind.
    static let patience = Duration.seconds(10)
    /// For one answer, as long as the app has trouble.
    private static let answerPatience = Duration.seconds(30)
    /// So many pages without anything of this drill in them are its end.
    private static let mostEmptyPages = 3
    private static let atOnce = 8

    /// - Throws: `DrillError` when the app cannot be asked.
    func run() async throws {
        let all = 0..<ledger.withBook { $0.count }
        guard !all.isEmpty else { return }
        let deadline = ContinuousClock.now + Self.patience
        while true {
            ledger.withBook { $0.forgetFound(in: all) }
            if write.check.contains("{offset}") {
                try await askForPages(all.count)
            } else {
                try await askOneByOne(all)
            }
            let isMissing = ledger.withBook { !$0.missing(in: all).isEmpty }
            if !isMissing || ContinuousClock.now >= deadline { return }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func askForPages(_ count: Int) async throws {
        var offset = 0
        var empty = 0
        var seen = 0
        // Others may write meanwhile, and their entries stand between ours.
        let mostPages = 4 * count / write.checkStep + 1000
        for _ in 0..<mostPages where empty < Self.mostEmptyPages {
            let answer = try await answer(ledger.marker.fill(write.check, number: 0, offset: offset))
            let numbers = ledger.marker.numbers(in: answer.body)
            guard answer.status == 200 else { throw refusal(answer.status, offset) }
            ledger.withBook { book in for number in numbers { book.found(number) } }
            seen += numbers.count
            empty = numbers.isEmpty ? empty + 1 : 0
            offset += write.checkStep
        }
    }

    private func refusal(_ status: Int, _ offset: Int) -> DrillError {
        DrillError(
            "the app answers \(status) to \(ledger.marker.fill(write.check, number: 0, offset: offset)), so what it has "
                + "cannot be compared with what it acknowledged; see `drill: check` in: tandem docs drill")
    }

    private func askOneByOne(_ all: Range<Int>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in 0..<min(Self.atOnce, all.count) {
                group.addTask {
                    for number in stride(from: start, to: all.upperBound, by: Self.atOnce) {
                        let answer = try await answer(ledger.marker.fill(write.check, number: number))
                        guard answer.status == 404 || answer.status == 200 else { throw refusal(answer.status, 0) }
                        let times = ledger.marker.numbers(in: answer.body).count { $0 == number }
                        guard answer.status == 200 else { continue }
                        ledger.withBook { book in for _ in 0..<min(times, 3) { book.found(number) } }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func answer(_ path: String) async throws -> (status: Int, body: [UInt8]) {
        let deadline = ContinuousClock.now + Self.answerPatience
        while true {
            do {
                let answer = try await door.fetch(path)
                if answer.status < 500 || ContinuousClock.now > deadline { return answer }
            } catch {
                try Task.checkCancellation()
                guard ContinuousClock.now < deadline else {
                    throw DrillError(
                        "the app does not answer \(path) (\(error)), so what it has cannot be compared with what it "
                            + "acknowledged")
                }
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}

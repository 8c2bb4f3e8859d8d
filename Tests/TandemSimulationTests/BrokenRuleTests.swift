import Foundation
import TandemSimulation
import Testing

@Suite("The simulator can fail")
struct BrokenRuleTests {
    /// A row of the table in docs/failover.md: rule, switch, found as, data hosts, seeds.
    struct Row: CustomStringConvertible, Sendable {
        var words: String
        var rule: BrokenRule
        var foundAs: String
        var dataNodes: Int
        /// nil where the table says that the search is due.
        var seeds: UInt64?

        init?(_ line: Substring) {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 5, let rule = BrokenRule(rawValue: cells[1].replacing("`", with: "")),
                let dataNodes = Int(cells[3])
            else { return nil }
            (words, self.rule, foundAs, self.dataNodes) = (cells[0], rule, cells[2], dataNodes)
            seeds = UInt64(cells[4].replacing(",", with: ""))
        }

        var line: String {
            var digits = seeds.map { String($0) } ?? "due"
            if (seeds ?? 0) >= 1_000 { digits.insert(",", at: digits.index(digits.endIndex, offsetBy: -3)) }
            return "| \(words) | `\(rule.rawValue)` | \(foundAs) | \(dataNodes) | \(digits) |"
        }

        var description: String { rule.rawValue }

        /// The first seed, from this one on, that shows that the rule is missing.
        func search(from first: UInt64, schedules: Int) throws -> (seed: UInt64, foundAs: String)? {
            var options = SimulationRunner.Options()
            options.schedules = schedules
            options.firstSeed = first
            options.violationBound = 1
            options.explains = false
            options.topology = try SimulationTopology(dataNodes: dataNodes)
            let failure = try SimulationRunner(options: options, breaking: rule).run().failures.first
            return failure.map { ($0.seed, $0.violation.rule.rawValue) }
        }
    }

    /// No rule may take more schedules than this to be missed.
    static let bound = 30_000

    static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("docs/failover.md")

    static let rows = ((try? String(contentsOf: page, encoding: .utf8)) ?? "").split(separator: "\n").compactMap {
        Row($0)
    }

    @Test("Every rule that can be left out is in the documentation's table, once")
    func listsAll() {
        #expect(Self.rows.map(\.rule.rawValue).sorted() == BrokenRule.allCases.map(\.rawValue).sorted())
    }

    @Test("A rule left out is found out, by the seed that the documentation names", arguments: rows)
    func finds(row: Row) throws {
        let isRecording = ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil
        if let seeds = row.seeds {
            if let found = try row.search(from: seeds, schedules: 1), found.foundAs == row.foundAs { return }
        } else if !isRecording {
            // The search takes minutes: RECORD_GOLDEN makes it, and writes the seed into the table.
            return
        }
        let found = try #require(
            try row.search(from: 1, schedules: Self.bound), "\(row) went unnoticed through \(Self.bound) schedules")
        var new = row
        new.seeds = found.seed
        new.foundAs = found.foundAs
        guard isRecording else {
            Issue.record(
                """
                docs/failover.md is old, the row is now: \(new.line)
                To write all of them anew: RECORD_GOLDEN=1 swift test --no-parallel --filter BrokenRuleTests
                """)
            return
        }
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        try text.replacing(row.line, with: new.line).write(to: Self.page, atomically: true, encoding: .utf8)
    }
}

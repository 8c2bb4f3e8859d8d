import ArgumentParser
import Foundation
import TandemAgent
import TandemTopology

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Lists the changes of primary: when, why, and how long each step took.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions
    @Option(name: .shortAndLong, help: "How many, the newest first.")
    var count = 10

    func validate() throws {
        guard (1...100).contains(count) else { throw ValidationError("--count: expected 1 to 100, found \(count)") }
    }

    func run() async throws {
        try await FailoverSession.run(project) { session in
            let changes = try await session.client.failoverHistory(of: try await session.best().host, count: count)
            try output.write(changes) { changes.map { HistoryLine(change: $0).text }.joined() }
        }
    }
}

/// One change of primary, for people.
struct HistoryLine {
    let change: FailoverChange

    private static let causes = [
        "founded": "the stack began", "adopted": "its data was adopted", "forced": "an operator forced it",
        "switchover": "planned", "server_down": "the primary's mysqld had ended",
        "primary_unheard": "nobody heard the primary's host", "lease_lost": "the primary lost etcd, and its partner",
        "agent_gone": "the primary's agent was gone", "nothing_received": "nothing came from the primary",
    ]

    var cause: String { Self.causes[change.cause] ?? change.cause }
    var who: String { change.previous.map { "\($0) → \(change.primary)" } ?? change.primary }

    var text: String {
        let head = ["epoch \(change.epoch)", change.detectedAt, who, cause].compactMap(\.self).joined(separator: "  ")
        guard let steps = change.steps, !steps.isEmpty else { return head + "\n" }
        let line = FailoverChange.stepNames.compactMap { name in steps[name].map { "\(name) \($0) ms" } }
        return head + "\n    " + (["detected"] + line).joined(separator: " ─ ") + "\n"
    }
}

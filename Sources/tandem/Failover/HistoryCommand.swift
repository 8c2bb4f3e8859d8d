import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator
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
        try await FailoverSession.run(file: project.file) { session in
            let changes = try await session.client.failoverHistory(of: try await session.best().host, count: count)
            try output.write(changes) { changes.map { HistoryLine(change: $0).text }.joined() }
        }
    }
}

import ArgumentParser
import TandemOperator
import TandemStack

struct DocsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docs", abstract: "Explains tandem.yaml, all of it or one section.")

    @Argument(help: "One of: \(Reference.sections.joined(separator: ", ")).")
    var section: String?

    func run() throws {
        do {
            print(try Reference.text(section: section), terminator: "")
        } catch {
            throw Failure(.usage, error.description)
        }
    }
}

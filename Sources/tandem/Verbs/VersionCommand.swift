import ArgumentParser
import TandemOperator

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints Tandem's version.")

    @OptionGroup var output: FormatOptions

    func run() throws {
        try output.write(["version": Version.number]) { "tandem \(Version.number)\n" }
    }
}

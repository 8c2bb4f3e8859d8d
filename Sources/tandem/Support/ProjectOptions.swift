import ArgumentParser
import TandemOperator

struct ProjectOptions: ParsableArguments {
    // No short name: -f is for following logs.
    @Option(
        help: "The stack file. Without it: tandem.yaml in this folder, or in the nearest one above.",
        completion: .file(extensions: ["yaml", "yml"]))
    var file: String?
}

extension Project {
    static func load(_ options: ProjectOptions) throws -> Project { try load(file: options.file) }

    static func loadApplied(_ options: ProjectOptions) throws -> Project { try loadApplied(file: options.file) }
}

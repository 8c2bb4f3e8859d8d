import ArgumentParser
import Foundation
import TandemAgent
import TandemOperator

/// How a list is written: for people or for programs.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}

struct FormatOptions: ParsableArguments {
    @Option(help: "text, for people, or json, for programs.")
    var format = OutputFormat.text

    /// Writes a value to standard output. JSON keys are in snake_case, times in ISO 8601.
    func write(_ value: some Encodable, text: () -> String) throws {
        switch format {
        case .text: print(text(), terminator: "")
        case .json: print(try JSONText.encode(value, keys: .convertToSnakeCase), terminator: "")
        }
    }
}

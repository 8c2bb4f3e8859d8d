import ArgumentParser
import Foundation
import TandemOperator

/// A command as the argument parser knows it: what help and the manual are made of.
struct CommandDescription: Decodable, Sendable {
    struct Argument: Decodable, Sendable {
        struct Name: Decodable, Sendable {
            var kind: String
            var name: String

            /// As typed, such as `--file` or `-f`.
            var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        /// `positional`, `option` or `flag`.
        var kind: String
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var abstract: String?
    }

    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool
    var subcommands: [CommandDescription]?
    var arguments: [Argument]?

    /// `help` is the parser's own, and `--help` and `--version` are the same everywhere.
    var shownSubcommands: [CommandDescription] {
        (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
    }

    var shownArguments: [Argument] {
        (arguments ?? []).filter { argument in
            argument.shouldDisplay && !(argument.names ?? []).contains { ["help", "version"].contains($0.name) }
        }
    }

    static func of(_ command: any ParsableCommand.Type) throws -> CommandDescription {
        struct Dump: Decodable { var command: CommandDescription }
        return try JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8)).command
    }
}

import ArgumentParser
import Foundation
import TandemOperator
import TandemStack

/// Runs the command line and turns every ending into a documented exit status.
@main
enum Entry {
    static func main() async {
        // A reader that went away, such as `head`, is no reason to die before the rest is stopped in order.
        signal(SIGPIPE, SIG_IGN)
        ProgramBundle.usePlugins()
        do {
            // First of all, and while this process has one thread.
            try RootLaunch.run(Array(CommandLine.arguments.dropFirst()))
            try checkCommand(CommandLine.arguments.dropFirst().first)
            var command = try await Tandem.asyncParseAsRoot()
            if let fleet = FleetLaunch.find(command) {
                try await fleet.run()
            } else if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Terminal.error(failure.message)
            exit(failure.status.rawValue)
        } catch let end as QuietEnd {
            exit(end.status)
        } catch let code as ExitCode {
            // All that there is to say was said.
            exit(code.rawValue)
        } catch let error where Tandem.exitCode(for: error) == .success {
            print(Tandem.fullMessage(for: error))
        } catch let error where Tandem.exitCode(for: error) == .validationFailure {
            let message = Tandem.fullMessage(for: error)
            Terminal.line(message + Self.hint(for: message, CommandLine.arguments.dropFirst().first))
            exit(ExitStatus.usage.rawValue)
        } catch {
            Terminal.error("\(error)")
            exit(ExitStatus.failed.rawValue)
        }
    }
}

extension Entry {
    /// The parser itself would complain of an unexpected argument, and know no better word.
    ///
    /// - Throws: when the first argument is meant to be a command and is none.
    static func checkCommand(_ word: String?) throws(Failure) {
        guard let word, !word.isEmpty, !word.hasPrefix("-") else { return }
        var shown = ["help"]
        for group in Tandem.configuration.groupedSubcommands { shown += names(group.subcommands) }
        guard !shown.contains(word), !names(Tandem.configuration.subcommands).contains(word) else { return }
        let hint = NearestWord.find(word, among: shown).map { "; did you mean '\($0)'?" } ?? ""
        throw Failure(.usage, "there is no command '\(Terminal.printable(word))'\(hint)\nSee: tandem --help")
    }

    /// Options that look as if they were meant for the program that a command runs.
    static func hint(for message: String, _ command: String?) -> String {
        guard let command, ["mysql", "mysqldump", "run"].contains(command), message.contains("Unknown option") else {
            return ""
        }
        return "\n  What is meant for the program that it runs follows `--`, as in: "
            + (command == "run" ? "tandem run -- ls -l" : "tandem \(command) -- --verbose")
    }

    private static func names(_ commands: [any ParsableCommand.Type]) -> [String] {
        commands.compactMap { $0.configuration.commandName }
    }
}

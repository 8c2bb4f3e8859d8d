import ArgumentParser
import TandemOperator

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Prints what a shell needs to complete tandem's commands.",
        discussion: """
            For bash, into a folder that bash-completion reads:
              tandem completions bash > ~/.local/share/bash-completion/completions/tandem

            For zsh, into a folder of $fpath:
              tandem completions zsh > ~/.zsh/completions/_tandem

            For fish:
              tandem completions fish > ~/.config/fish/completions/tandem.fish
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash
        case zsh
        case fish

        var shell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() { print(Tandem.completionScript(for: shell.shell)) }
}

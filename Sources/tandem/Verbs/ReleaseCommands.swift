import ArgumentParser
import TandemOperator
import TandemStack

/// Versions of the app on hosts of their own.
struct ReleasesCommand: ParsableCommand, StackCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases", abstract: "Lists the versions of the app that the stack's hosts keep.",
        discussion: """
            The newest first; the one that runs is marked. `tandem up` makes one of the app's files whenever they have changed; the last \
            five are kept. On one machine an app runs from its own folder, and there are none.
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions

    func run() throws { throw Self.refusal(try Project.loadApplied(project)) }

    static func refusal(_ project: Project) -> Failure {
        Failure(
            .failed,
            "'\(project.stack.name)' is on this machine and runs the app from its own folder, so there are no versions to choose from. "
                + "Hosts of their own keep them: see docs/fleet.md")
    }
}

struct RollbackCommand: ParsableCommand, StackCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Goes back to an earlier version of the app, host by host.",
        discussion: """
            Without a name: to the one before the one that runs. Only the app's files go back; the stack file stays as it was last applied. \
            The next `tandem up` brings what is in the app's folder then.
            """)

    @OptionGroup var project: ProjectOptions
    @Argument(help: "The version, as `tandem releases` names it; its beginning will do.")
    var release: String?

    func run() throws { throw ReleasesCommand.refusal(try Project.loadApplied(project)) }
}

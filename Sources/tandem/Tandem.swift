import ArgumentParser

struct Tandem: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tandem",
        abstract: "Runs a web application on two of everything: HAProxy, nginx, your app, MySQL primary and replica.",
        discussion: """
            One file, tandem.yaml, describes the stack; `tandem up` runs it with the real servers.

            Exit status: 0 fine, 1 failed, 2 usage, 3 the stack file is wrong, 4 not running, \
            5 there are changes (plan --exit-code).
            """,
        version: Version.number,
        subcommands: [
            UpCommand.self, DownCommand.self, DestroyCommand.self, PlanCommand.self, RestartCommand.self,
            StatusCommand.self, LogsCommand.self,
            MySQLCommand.self, CheckCommand.self, RenderCommand.self, EnginesCommand.self, DocsCommand.self,
            VersionCommand.self, AgentCommand.self, KeeperCommand.self,
        ])
}

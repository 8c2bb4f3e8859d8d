import ArgumentParser
import TandemOperator

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
            AgentCommand.self, LauncherCommand.self,
            KeeperCommand.self, DrillHealerCommand.self, DrillHandsCommand.self, HostCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(name: "Setup", subcommands: [InitCommand.self, DoctorCommand.self, DocsCommand.self]),
            CommandGroup(
                name: "Running",
                subcommands: [
                    UpCommand.self, PlanCommand.self, RestartCommand.self, DownCommand.self, DestroyCommand.self,
                    ReleasesCommand.self, RollbackCommand.self,
                ]),
            CommandGroup(
                name: "Failover",
                subcommands: [
                    SwitchoverCommand.self, FailoverCommand.self, RebuildCommand.self, PauseCommand.self,
                    ResumeCommand.self,
                    HistoryCommand.self, WhyCommand.self,
                ]),
            CommandGroup(
                name: "Observing",
                subcommands: [
                    StatusCommand.self, AlertsCommand.self, TopCommand.self, LogsCommand.self, OpenCommand.self,
                    MySQLCommand.self,
                    DumpCommand.self,
                    RunCommand.self, JobCommand.self, DrillCommand.self,
                ]),
            CommandGroup(
                name: "Stack file",
                subcommands: [CheckCommand.self, RenderCommand.self, EjectCommand.self]),
            CommandGroup(
                name: "Machine",
                subcommands: [
                    EnginesCommand.self, TrustCommand.self, CompletionsCommand.self, ManCommand.self,
                    SimulateCommand.self, VersionCommand.self,
                ]),
        ])
}

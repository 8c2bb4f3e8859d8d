import ArgumentParser
import TandemOperator

/// A command that is about one stack file. Started by root it becomes the account of that stack before it reads the
/// file.
protocol StackCommand: ParsableCommand {
    var project: ProjectOptions { get }
}

extension AlertsCommand.List: StackCommand {}
extension AlertsCommand.SilenceAlert: StackCommand {}
extension AlertsCommand.Unsilence: StackCommand {}
extension AlertsCommand.Test: StackCommand {}
extension CheckCommand: StackCommand {}
extension DestroyCommand: StackCommand {}
extension DoctorCommand: StackCommand {}
extension DownCommand: StackCommand {}
extension DrillCommand: StackCommand {}
extension DumpCommand: StackCommand {}
extension EjectCommand: StackCommand {}
extension JobCommand: StackCommand {}
extension LogsCommand: StackCommand {}
extension MySQLCommand: StackCommand {}
extension OpenCommand: StackCommand {}
extension PlanCommand: StackCommand {}
extension RenderCommand: StackCommand {}
extension RestartCommand: StackCommand {}
extension SwitchoverCommand: StackCommand {}
extension FailoverCommand: StackCommand {}
extension RebuildCommand: StackCommand {}
extension PauseCommand: StackCommand {}
extension ResumeCommand: StackCommand {}
extension HistoryCommand: StackCommand {}
extension WhyCommand: StackCommand {}
extension StatusCommand: StackCommand {}
extension TopCommand: StackCommand {}
extension TrustCommand: StackCommand {}
extension UpCommand: StackCommand {}

import ArgumentParser
import TandemAgent
import TandemOperator
import TandemStack

struct DownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Stops the stack in order; its data stays.")

    @OptionGroup var project: ProjectOptions

    func run() async throws {
        let project = try Project.loadApplied(project)
        guard let applied = project.applied, StackProcesses(project: project, applied: applied).areAny else {
            Terminal.line("\(project.stack.name) is not running")
            return
        }
        let steps = StepPrinter()
        steps.headline("Stopping \(applied.stack.name)")
        await StackStop(project: project, applied: applied, steps: steps).run()
        Terminal.line("\(applied.stack.name) is down; its data stays")
    }
}

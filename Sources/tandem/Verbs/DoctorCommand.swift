import ArgumentParser
import TandemStack

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says what is missing on this machine, and how to get it; changes nothing.",
        discussion: "Exit status 1 when something is missing without which a stack will not run.")

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        var probe = MachineProbe(project: nil, stackFileProblem: nil)
        // A machine can be looked at without a stack file.
        if project.file != nil || (try? Project.locate(nil)) != nil {
            do {
                probe.project = try Project.load(project)
            } catch let failure as Failure {
                probe.stackFileProblem = failure.message
            }
        }
        let diagnosis = Diagnosis(MachineVerdicts(facts: await probe.look()).findings)
        try output.write(diagnosis) { diagnosis.text(Style(isColored: Terminal.isOutputColored)) }
        if diagnosis.verdict == .error { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}

import ArgumentParser
import TandemBlueprint
import TandemFleet
import TandemOperator
import TandemStack

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Says what is missing on this machine, or the stack's hosts, and how to get it; changes nothing.",
        discussion: """
            Where the stack's hosts have addresses of their own, all of them are asked at once, over SSH; this machine needs \
            nothing then but OpenSSH's client. Exit status 1 when something is missing without which a stack will not run.
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions
    @Flag(help: "Also has the front's address move to another balancer and back, which cuts connections to it twice.")
    var moveAddress = false

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
        let diagnosis = Diagnosis(try await findings(probe))
        try output.write(diagnosis) { diagnosis.text(Style(isColored: Terminal.isOutputColored)) }
        if diagnosis.verdict == .error { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func findings(_ probe: MachineProbe) async throws -> [Finding] {
        guard let project = probe.project, !project.stack.isOnThisMachine else {
            return MachineVerdicts(facts: await probe.look()).findings
        }
        try project.checkSSHConfiguration()
        var findings: [Finding] = [.ok("stack file", "\(project.stackFile): the stack '\(project.stack.name)'")]
        findings += try await FleetDiagnosis.findings(project.stack)
        guard moveAddress else { return findings }
        guard !project.stack.frontAddresses.isEmpty else {
            let remedy = "an address that moves is written in the stack file as: front: {address: 10.0.0.100}"
            return findings + [.error("moving", "the stack has no address that moves", remedy)]
        }
        let unit = HostPlaces(stack: project.stack.name).keepalivedUnit
        return findings + (try await AddressDiagnosis.findings(project.stack) { _ in unit })
    }
}

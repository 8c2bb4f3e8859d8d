import ArgumentParser
import Foundation
import TandemAgent
import TandemBlueprint
import TandemOperator
import TandemStack

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Lists what `tandem up` would change on each host; changes nothing.",
        discussion: """
            For each service: nothing, refresh (in place), reload (the old workers finish what they carry), restart, start \
            or stop; then the generated files that differ. Secrets are named, never shown. Exit status 0, with changes or without; with --exit-code, 5 when \
            there are changes. 1 when the change cannot be made while the stack runs.
            """)

    @OptionGroup var project: ProjectOptions
    @OptionGroup var output: FormatOptions
    @Flag(help: "End with status 5 when there is something to change.")
    var exitCode = false

    func run() async throws {
        let project = try Project.load(project)
        let pending = try await project.placingProblems {
            try project.checkPublicFolders()
            return try await PendingChange.load(project)
        }
        let report = PlanReport(pending)
        try output.write(report) { report.text(Style(isColored: Terminal.isOutputColored)) }
        try pending.throwRefusals()
        if exitCode, report.hasChanges { throw ExitCode(ExitStatus.changes.rawValue) }
    }
}

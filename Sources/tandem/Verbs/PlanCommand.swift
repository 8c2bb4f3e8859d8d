import ArgumentParser
import Foundation
import TandemAgent
import TandemBlueprint
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

extension PendingChange {
    /// Without fetching, making or changing anything.
    static func load(_ project: Project) async throws -> PendingChange {
        try ProjectReach.check(project)
        let setup = EngineSetup(project.stack)
        let running = project.running
        let set = try? await setup.installed()
        var programs = set?.layoutPrograms ?? running?.programs ?? .onSearchPath
        // Not fetched yet: `up` does, and the plan is to say what it then starts.
        if project.stack.monitoring != nil, programs.prometheus == nil {
            programs.prometheus = Layout.Programs.onSearchPath.prometheus
            programs.promtool = Layout.Programs.onSearchPath.promtool
            programs.alertmanager = Layout.Programs.onSearchPath.alertmanager
        }
        let preparation = StackPreparation(
            stack: project.stack, stackFile: project.stackFile, folder: project.folder, programs: programs,
            versions: set?.versionsByName ?? running?.versions ?? [:])
        try preparation.checkOrigin()
        return try await PendingChange(project: project, preparation: preparation, running: running)
    }
}

extension Project {
    /// The stack as its keeper knows it; nil when no keeper runs.
    var running: AppliedStack? {
        let keeping = StackKeeping.load(folder)
        guard keeping.isAlive, keeping.phase == .running else { return nil }
        return applied
    }
}

import TandemAgent
import TandemBlueprint
import TandemStack

extension PendingChange {
    /// Without fetching, making or changing anything.
    package static func load(_ project: Project) async throws -> PendingChange {
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

import TandemAgent

/// Whether anything of a stack still runs.
struct StackProcesses {
    let project: Project
    let applied: AppliedStack

    var areAny: Bool {
        if StackKeeping.load(project.folder).isAlive { return true }
        return Leftovers(applied: applied, folder: project.folder).areAny
    }
}

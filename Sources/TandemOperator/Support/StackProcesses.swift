import TandemAgent
import TandemKeeper

/// Whether anything of a stack still runs.
package struct StackProcesses {
    package let project: Project
    package let applied: AppliedStack

    package init(project: Project, applied: AppliedStack) {
        self.project = project
        self.applied = applied
    }

    package var areAny: Bool {
        if StackKeeping.load(project.folder).isAlive { return true }
        return Leftovers(applied: applied, folder: project.folder).areAny
    }
}

import Foundation
import TandemAgent
import TandemKeeper
import TandemServices
import TandemStack

/// Stops a stack on this machine by way of its keeper, and says what stops.
package struct StackStop: Sendable {
    package let project: Project
    package let applied: AppliedStack
    /// nil: quietly.
    let steps: StepPrinter?
    /// One that was started just now, and may not have said yet that it runs.
    var newKeeper: RunningProcess?

    package init(project: Project, applied: AppliedStack, steps: StepPrinter?, newKeeper: RunningProcess? = nil) {
        self.project = project
        self.applied = applied
        self.steps = steps
        self.newKeeper = newKeeper
    }

    /// Longer than the keeper's own bounds together.
    private var bound: Duration { .seconds(90 + applied.stack.app.stopTimeoutSeconds) }

    package func run() async {
        let lock = await stopKeepers()
        // While we hold the lock no agent can bring a keeper back.
        withExtendedLifetime(lock) {
            Leftovers(applied: applied, folder: project.folder).end()
            unlink(project.folder.keeperFile)
        }
        // Sockets of programs that could not tidy up; made anew at the next start.
        try? FileManager.default.removeItem(atPath: project.folder.socketRoot)
    }

    /// More than one when a keeper was killed just now, and an agent has started another.
    /// - Returns: the keepers' lock; nil when it cannot be had.
    private func stopKeepers() async -> FileLock? {
        let deadline = ContinuousClock.now + bound
        while ContinuousClock.now < deadline {
            let keeper = KeeperState.load(project.folder).flatMap { RunningProcess.adopt($0.identity) }
            if let process = keeper ?? newKeeper, !process.hasEnded { await stop(process) }
            if let lock = try? FileLock(path: project.folder.keeperLock) { return lock }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    private func stop(_ keeper: RunningProcess) async {
        keeper.signal(Self.signal(for: keeper.identity))
        await follow(keeper)
        guard !keeper.hasEnded else { return }
        steps?.note("the keeper does not stop; ending it")
        keeper.signal(SIGKILL)
        _ = await keeper.endsWithin(.seconds(5))
    }

    /// One that is frozen would hear a friendlier one only when somebody thaws it.
    static func signal(for keeper: ProcessIdentity) -> Int32 { keeper.isItselfFrozen ? SIGKILL : SIGTERM }

    private func follow(_ process: RunningProcess) async {
        var shown = 0
        let deadline = ContinuousClock.now + bound
        while ContinuousClock.now < deadline {
            let isOver = process.hasEnded
            let done = KeeperState.load(project.folder)?.steps ?? []
            for step in done.dropFirst(shown) {
                let words = step.text.split(separator: " ", maxSplits: 1).map(String.init)
                steps?.done(words.first ?? "", words.dropFirst().first ?? "", seconds: step.seconds)
            }
            shown = max(shown, done.count)
            if isOver { return }
            try? await Task.sleep(for: .milliseconds(30))
        }
    }
}

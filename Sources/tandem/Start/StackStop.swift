import Foundation
import TandemAgent
import TandemServices
import TandemStack

/// Stops a stack on this machine by way of its keeper, and says what stops.
struct StackStop: Sendable {
    let project: Project
    let applied: AppliedStack
    /// nil: quietly.
    let steps: StepPrinter?

    /// Longer than the keeper's own bounds together.
    private var bound: Duration { .seconds(90 + applied.stack.app.stopTimeoutSeconds) }

    func run() async {
        if let keeper = KeeperState.load(project.folder), let process = RunningProcess.adopt(keeper.identity) {
            process.signal(SIGTERM)
            await follow(process)
            if !process.hasEnded {
                steps?.note("the keeper does not stop; ending it")
                process.signal(SIGKILL)
                _ = await process.endsWithin(.seconds(5))
            }
        }
        Leftovers(applied: applied, folder: project.folder).end()
        // Sockets of programs that could not tidy up; made anew at the next start.
        try? FileManager.default.removeItem(atPath: project.folder.socketRoot)
    }

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

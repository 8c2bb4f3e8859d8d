import Foundation
import TandemAgent
import TandemKeeper
import TandemServices
import TandemStack

/// Before anything else is done to a stack: when its keeper was killed and something of it runs on, has it kept again,
/// as it is.
struct KeeperRevival: Sendable {
    let project: Project
    let steps: StepPrinter

    /// Longer than agents take to notice and to start another one.
    private static let agentsBound = Duration.seconds(8)

    /// Does nothing where the keeper lives, or where nothing is left that would be worth it.
    ///
    /// - Returns: what does not come up although it is kept again; all else goes on, and is not to be stopped for that.
    func run() async throws -> Failure? {
        guard let dead = deadKeeper, let applied = project.applied else { return nil }
        let leftovers = Leftovers(applied: applied, folder: project.folder)
        guard leftovers.areAny else { return nil }
        steps.note("the keeper was killed; a new keeper takes over what still runs")
        if leftovers.hasAgents { await waitForAgents(dead) }
        guard deadKeeper != nil else { return nil }
        let keeper = try KeeperStart(folder: project.folder, program: OwnProgram.path).run(after: dead)
        do {
            try await StartProgress(
                applied: applied, project: project, keeper: keeper, steps: steps, isTakingOver: true
            ).wait()
        } catch {
            try Task.checkCancellation()
            if let failure = error as? Failure, KeeperState.load(project.folder)?.isAlive == true { return failure }
            steps.note("the new keeper cannot take over the running stack (\(error)); restarting the stack")
            await StackStop(project: project, applied: applied, steps: nil, newKeeper: keeper).run()
        }
        return nil
    }

    private var deadKeeper: ProcessIdentity? {
        guard let state = KeeperState.load(project.folder), state.phase == .running, !state.isAlive else { return nil }
        return state.identity
    }

    private func waitForAgents(_ dead: ProcessIdentity) async {
        let deadline = ContinuousClock.now + Self.agentsBound
        while deadKeeper != nil, !Task.isCancelled, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}

import Foundation
import Glibc
public import Logging
public import TandemAgent
import TandemBlueprint
import TandemServices
import TandemStack

/// Keeps the keeper: when it dies, or hangs, without having been told to stop, an agent starts another one, which takes
/// over the agents as they are.
///
/// Every agent watches. A lock makes sure that there is one keeper at a time, and the successor looks whether it is the
/// one that is wanted (`Keeper.init(folder:program:predecessor:logger:)`).
public struct KeeperWatch: Sendable {
    private let folder: StackFolder
    private let hostName: String
    /// This very program.
    private let program: String
    private let logger: Logger

    /// What one agent leaves the ones before it to try first.
    private static let turn = Duration.milliseconds(300)
    /// In which a new keeper says who it is.
    private static let takeoverBound = Duration.seconds(5)
    private static let clockStart = ContinuousClock.now

    public init(folder: StackFolder, hostName: String, program: String, logger: Logger) {
        self.folder = folder
        self.hostName = hostName
        self.program = program
        self.logger = logger
    }

    /// Runs until the task is cancelled.
    public func run() async {
        var policy = RestartPolicy()
        while !Task.isCancelled {
            // One that is stopping, or says that it failed, wants no successor.
            guard let state = KeeperState.load(folder), state.phase == .running else {
                try? await Task.sleep(for: .milliseconds(500))
                continue
            }
            if let keeper = RunningProcess.adopt(state.identity) {
                await watch(keeper)
                continue
            }
            guard await isStillWanted(after: state.identity) else { continue }
            logger.warning("the keeper is gone; starting another one", metadata: ["was": "\(state.identity.pid)"])
            do {
                if try await startSuccessor(of: state.identity) { continue }
                logger.warning("the new keeper did not take over; see keeper.log")
            } catch {
                logger.error("cannot start a keeper: \(error)")
            }
            switch policy.died(at: Self.clockStart.duration(to: .now)) {
            case .restart(let delay), .fail(let delay): try? await Task.sleep(for: delay)
            }
        }
    }

    private func watch(_ keeper: RunningProcess) async {
        guard let reason = await LivenessWatch(process: keeper, isWithChildren: false).run() else { return }
        logger.warning("the keeper hangs: \(reason); ending it")
        keeper.signal(SIGKILL)
        _ = await keeper.endsWithin(.seconds(1))
    }

    /// Agents take turns by their place in the stack.
    private func isStillWanted(after identity: ProcessIdentity) async -> Bool {
        let applied = try? JSONText.decode(AppliedStack.self, fromFile: folder.appliedFile)
        let place = applied?.stack.hosts.firstIndex { $0.name == hostName } ?? 0
        try? await Task.sleep(for: Self.turn * place)
        guard !Task.isCancelled, let now = KeeperState.load(folder) else { return false }
        return now.phase == .running && now.identity == identity
    }

    /// - Returns: whether there is a new keeper, ours or another's.
    private func startSuccessor(of identity: ProcessIdentity) async throws -> Bool {
        let applied = try JSONText.decode(AppliedStack.self, fromFile: folder.appliedFile)
        let successor = try KeeperStart(folder: folder, program: program).run(
            after: identity, descriptors: FrontSockets.inherited(applied).descriptors)
        // Whoever starts a process has to take note of its end.
        defer { Task.detached { _ = await successor.waitForEnd() } }
        let deadline = ContinuousClock.now + Self.takeoverBound
        while !Task.isCancelled, ContinuousClock.now < deadline {
            let state = KeeperState.load(folder)
            if state?.identity != identity || state?.phase != .running { return true }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }
}

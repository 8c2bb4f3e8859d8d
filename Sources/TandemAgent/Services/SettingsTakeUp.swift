import Glibc
import Logging
import TandemBlueprint
import TandemServices

/// How a process that serves with earlier settings takes up its present ones.
struct SettingsTakeUp: Sendable {
    enum Outcome: Sendable, Equatable {
        case done
        /// It has to be ended, and started anew.
        case restart
        /// What works goes on with its earlier files; the next change, or a restart, tries again.
        case refused(String)
    }

    let process: ServiceProcess
    let change: SettingsChange
    let isReady: @Sendable () async -> Bool
    /// Before a reload: has others take what would come to it.
    let leaveRotation: @Sendable () async -> Void
    /// Takes up what needs neither a reload nor a restart; see `ServiceFiles.inPlace`.
    let refresh: (@Sendable (RunningProcess) async throws -> Void)?
    let logger: Logger

    /// - Throws: `CancellationError` alone.
    func run(_ running: RunningProcess) async throws -> Outcome {
        do {
            try await process.check()
            switch change.step {
            case .restart:
                logger.info("stopping \(process.name), which runs with earlier settings")
                return .restart
            case .reload:
                await leaveRotation()
                try await running.reload(signal: process.service.reloadSignal ?? SIGHUP, isReady: isReady)
            case .refresh: try await refresh?(running)
            // What runs already is neither started nor stopped by its settings.
            case .nothing, .start, .stop: break
            }
            try process.remember(change.files, of: running)
            logger.info("\(process.name) has its new files", metadata: ["pid": "\(running.identity.pid)"])
            return .done
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.warning("\(process.name): \(error)")
            return .refused("it goes on with its earlier files: \(error)")
        }
    }
}

import Foundation
import Logging
import TandemAgent
import TandemOperator

/// An agent that systemd keeps. SIGTERM, as of `systemctl stop` and of a host that is switched off, stops its services
/// in order first; SIGHUP, as of `systemctl reload`, ends the agent alone, and the next one takes its services over.
struct KeptAgent: Sendable {
    let folder: String
    let host: String

    func run() async throws {
        let state = StackFolder(path: folder, environment: ProcessInfo.processInfo.environment)
        let logger = ProcessLog.logger(label: "agent.\(host)")
        let rotation = LogRotation(folder: state.logs(host), logger: logger)
        let stop = StopSignals([SIGTERM, SIGINT])
        let anew = StopSignals([SIGHUP])
        let present = PresentAgent()
        let host = host
        let recorder = HostRecorder()
        let sockets = HeldSockets(environment: ProcessInfo.processInfo.environment, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                repeat {
                    let agent = try HostAgent(
                        hostName: host, folder: state, recorder: recorder, sockets: sockets, logger: logger)
                    await present.set(agent)
                    guard try await agent.run() == .changed else { return }
                } while true
            }
            group.addTask {
                await stop.wait()
                // It returns as well when somebody else has ended all of this.
                try Task.checkCancellation()
                logger.notice("stopping the services of \(host)")
                await present.agent?.stopServices()
                throw CancellationError()
            }
            group.addTask {
                await anew.wait()
                throw CancellationError()
            }
            group.addTask {
                await rotation.run()
                try await Task.sleep(for: .seconds(Int32.max))
            }
            group.addTask {
                await releaseWhatStartingNeeded()
                try await Task.sleep(for: .seconds(Int32.max))
            }
            defer { group.cancelAll() }
            do { _ = try await group.next() } catch is CancellationError {}
        }
    }
}

/// The agent that runs at the moment: each change of settings brings another one.
private actor PresentAgent {
    private(set) var agent: HostAgent?

    func set(_ agent: HostAgent) { self.agent = agent }
}

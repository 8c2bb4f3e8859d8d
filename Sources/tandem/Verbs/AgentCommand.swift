import ArgumentParser
import Foundation
import Logging
import TandemAgent
import TandemKeeper
import TandemOperator
import TandemServices

/// What a host's agent runs as. Started by the keeper.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Runs the agent of one host.", shouldDisplay: false)

    @Option(help: "The stack's state folder.") var folder: String
    @Option(help: "The host.") var host: String
    @Flag(help: "systemd keeps it: told to end, it stops its host's services first.") var systemd = false

    func run() async throws {
        AgentThreads.setUp()
        if systemd { return try await KeptAgent(folder: folder, host: host).run() }
        let state = StackFolder(path: folder, environment: ProcessInfo.processInfo.environment)
        let logger = ProcessLog.logger(label: "agent.\(host)")
        let watch = KeeperWatch(folder: state, hostName: host, program: OwnProgram.path, logger: logger)
        let rotation = LogRotation(folder: state.logs(host), logger: logger)
        let host = host
        let recorder = HostRecorder()
        try await StopSignals.runUntilToldToStop {
            async let _ = watch.run()
            async let _ = rotation.run()
            async let _ = releaseWhatStartingNeeded()
            while try await HostAgent(hostName: host, folder: state, recorder: recorder, logger: logger).run()
                == .changed
            {}
        }
    }
}

/// The process that stays while a stack runs on this machine. Started by `tandem up`.
struct KeeperCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keeper", abstract: "Keeps the agents of a stack running.", shouldDisplay: false)

    @Option(help: "The stack's state folder.") var folder: String
    @Option(help: "The process id of the keeper that died, whose agents are taken over.") var after: Int32?

    func run() async throws {
        let state = StackFolder(path: folder, environment: ProcessInfo.processInfo.environment)
        let logger = ProcessLog.logger(label: "keeper")
        let keeper = try Keeper(
            folder: state, program: OwnProgram.path, predecessor: after, logger: logger)
        let rotation = LogRotation(folder: folder, logger: logger)
        try await StopSignals.runUntilToldToStop {
            async let _ = rotation.run()
            async let _ = releaseWhatStartingNeeded()
            try await keeper.run()
        }
    }
}

/// These processes stay for as long as the stack does, and do little.
func releaseWhatStartingNeeded() async {
    guard (try? await Task.sleep(for: .seconds(15))) != nil else { return }
    ResidentText.release()
}

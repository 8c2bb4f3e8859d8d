import ArgumentParser
import Foundation
import Logging
import TandemAgent

/// What a host's agent runs as. Started by the keeper.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Runs the agent of one host.", shouldDisplay: false)

    @Option(help: "The stack's state folder.") var folder: String
    @Option(help: "The host.") var host: String

    func run() async throws {
        let state = StackFolder(path: folder, environment: ProcessInfo.processInfo.environment)
        let logger = ProcessLog.logger(label: "agent.\(host)")
        let host = host
        try await StopSignals.runUntilToldToStop {
            while try await HostAgent(hostName: host, folder: state, logger: logger).run() == .changed {}
        }
    }
}

/// The process that stays while a stack runs on this machine. Started by `tandem up`.
struct KeeperCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keeper", abstract: "Keeps the agents of a stack running.", shouldDisplay: false)

    @Option(help: "The stack's state folder.") var folder: String

    func run() async throws {
        let state = StackFolder(path: folder, environment: ProcessInfo.processInfo.environment)
        let keeper = try Keeper(
            folder: state, program: OwnProgram.path, logger: ProcessLog.logger(label: "keeper"))
        try await StopSignals.runUntilToldToStop { try await keeper.run() }
    }
}

import Foundation
public import TandemAgent
public import TandemServices

/// How a keeper is started.
public struct KeeperStart: Sendable {
    private let folder: StackFolder
    private let program: String

    /// - Parameter program: this very program.
    public init(folder: StackFolder, program: String) {
        self.folder = folder
        self.program = program
    }

    /// - Parameters:
    ///   - predecessor: the keeper whose agents the new one takes over, if there still are any; nil: begin anew.
    ///   - descriptors: the front's sockets, where we have them.
    public func run(
        after predecessor: ProcessIdentity? = nil, descriptors: [Int32: Int32] = [:]
    ) throws -> RunningProcess {
        var command = [program, "keeper", "--folder", folder.path]
        if let predecessor { command += ["--after", "\(predecessor.pid)"] }
        var environment = ProcessInfo.processInfo.environment
        environment["TANDEM_AGENT"] = nil
        // It tells a command that root has started it.
        environment["TANDEM_ROOT_STEP"] = nil
        // Started from within an app, the stack is none of that app's processes.
        environment[ProcessIdentity.markVariable] = nil
        return try RunningProcess.start(
            ProcessSpecification(
                command: command, environment: environment, workingDirectory: "/", logFile: folder.keeperLog,
                descriptors: descriptors, keepsLowPorts: true))
    }
}

import Foundation
import TandemFleet

/// Commands on a host whose words are not collected: OpenSSH's client gets what is ours.
extension HostSession {
    /// Runs a command with our terminal or our pipes, and waits for its end.
    /// - Parameter input: what it reads; nil: what we would.
    /// - Returns: its exit status, or ssh's own; see ssh(1), "EXIT STATUS".
    func runAttached(_ command: [String], isTerminal: Bool = false, input: Data? = nil) throws -> Int32 {
        try RootTool.run(["/usr/bin/env", "ssh"] + attached(command, isTerminal: isTerminal), input: input).status
    }

    /// A command that goes on beside us and reads nothing; not started yet.
    func process(_ command: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["ssh"] + attached(command, isTerminal: false)
        process.standardInput = FileHandle.nullDevice
        return process
    }
}

import Foundation

/// A small tool of the machine, run to its end; nothing that asks questions or runs for long.
struct ToolRun {
    var status: Int32
    /// What it said on both of its outputs, the last lines of it.
    var words: String

    /// - Parameter command: absolute path and arguments.
    init(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        do {
            try process.run()
        } catch {
            throw Failure(.failed, "cannot run \(command[0]): \(error.localizedDescription)")
        }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationStatus
        words = text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }
}

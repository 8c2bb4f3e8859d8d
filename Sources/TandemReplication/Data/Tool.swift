import Foundation
import Glibc
import TandemServices

/// A program that is run to its end. It does not outlive the caller's task: cancelled, or out of time, it is ended
/// first.
struct Tool: Sendable {
    var command: [String]
    var workingDirectory: String
    /// Where its words go; emptied first.
    var logFile: String
    var bound: Duration

    /// - Parameter doing: for the error, such as `initialise MySQL's data`.
    func run(_ doing: String, record: (ProcessIdentity) throws -> Void = { _ in }) async throws {
        try Task.checkCancellation()
        unlink(logFile)
        let process = try RunningProcess.start(specification, record: record)
        guard await process.endsWithin(bound), !Task.isCancelled else {
            await process.stop(signal: SIGKILL, bound: .zero)
            try Task.checkCancellation()
            throw DataError("cannot \(doing): \(command[0]) did not end within \(bound)")
        }
        let ending = await process.waitForEnd() ?? .unknown
        try Task.checkCancellation()
        guard ending != .exited(0) else { return }
        throw DataError("cannot \(doing): \(command[0]) \(ending):\n\(lastWords)")
    }

    var specification: ProcessSpecification {
        ProcessSpecification(
            command: command, environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"],
            workingDirectory: workingDirectory, logFile: logFile)
    }

    var lastWords: String {
        guard let bytes = try? DurableFile.read(logFile, bound: 16 << 20) else { return "(it said nothing)" }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(10).joined(separator: "\n")
    }
}

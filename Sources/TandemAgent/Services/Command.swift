import Glibc
import TandemServices

/// A program that is run to its end, with the same rights and descriptors that the service itself gets.
enum Command {
    /// - Parameters:
    ///   - specification: what to run; its log file is emptied first and holds the program's words afterwards.
    ///   - doing: for the error, such as `check the files of nginx`.
    /// - Throws: `StateError` with the program's own words when it does not end with 0 within the bound.
    static func run(_ specification: ProcessSpecification, doing: String, bound: Duration = .seconds(60)) async throws {
        unlink(specification.logFile)
        let process = try RunningProcess.start(specification)
        guard await process.endsWithin(bound) else {
            await process.stop(signal: SIGKILL, bound: .zero)
            try Task.checkCancellation()
            throw StateError("cannot \(doing): \(specification.command[0]) did not end within \(bound)")
        }
        let ending = await process.waitForEnd() ?? .unknown
        guard ending != .exited(0) else { return }
        let words = LogTail.lastLines(of: specification.logFile, count: 10).joined(separator: "\n")
        throw StateError("cannot \(doing): \(specification.command[0]) \(ending):\n\(words)")
    }
}

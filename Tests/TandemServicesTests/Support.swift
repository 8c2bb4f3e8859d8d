import Foundation
import Glibc
import Testing

@testable import TandemServices

/// A folder of one test's own, deleted with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/tandem-services-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        // Processes of other users write here too.
        chmod(path, 0o777)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var log: String { "\(path)/log" }

    func text(_ name: String) -> String { (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)) ?? "" }

    func put(_ name: String, _ text: String) {
        let isMade = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Data(text.utf8))
        #expect(isMade)
    }

    func lines(_ name: String = "log") -> [String] { text(name).split(separator: "\n").map(String.init) }

    /// A shell script as a process.
    func script(
        _ script: String, environment: [String: String] = [:], descriptors: [Int32: Int32] = [:]
    ) -> ProcessSpecification {
        ProcessSpecification(
            command: ["/bin/sh", "-c", script],
            environment: environment.merging(["PATH": "/usr/bin:/bin"]) { given, _ in given }, workingDirectory: path,
            logFile: log, descriptors: descriptors)
    }

    /// Runs a script to its end and returns what it wrote.
    func run(_ specification: ProcessSpecification) async throws -> [String] {
        let process = try RunningProcess.start(specification)
        #expect(await process.waitForEnd() == .exited(0))
        return lines()
    }
}

/// Waits until a condition holds; the bound is there to end a broken test, not to measure.
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

import Foundation
import Testing

/// `bin/model` at a size that takes seconds. The whole of it, with any number of faults, is run by hand:
/// docs/failover.md has the number of states.
@Suite("A model of the core, every order of events")
struct ModelTests {
    private func model(_ arguments: String...) throws -> (status: Int32, output: String) {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = root.appendingPathComponent("bin/model")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        // Where it leaves the steps to what it finds.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": folder.path]) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    @Test("With messages late or lost, and any false suspicion, no order breaks a rule")
    func holds() throws {
        let (status, output) = try model("--faults", "0")
        #expect(status == 0 && output.contains("no order breaks a rule"), "\(output)")
        let states = output.split(separator: " ").first.flatMap { Int($0) }
        #expect((states ?? 0) > 100_000, "the model has become too small to mean anything: \(output)")
    }

    @Test(
        "A rule left out is found",
        arguments: ["MARKER", "GROW", "APPLY", "SHRINK", "UNKNOWN", "UNSEAL", "SEAL", "COMPARE", "KILL"])
    func fails(rule: String) throws {
        let (status, output) = try model("--faults", "1", "--without", rule)
        #expect(status == 1 && output.contains("BROKEN"), "\(output)")
    }

    @Test("A rule that does not exist is refused")
    func refuses() throws {
        #expect(try model("--without", "manners").status == 2)
    }
}

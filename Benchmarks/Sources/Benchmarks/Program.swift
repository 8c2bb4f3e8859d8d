import Foundation

/// Programs, run to their end or in the background.
enum Program {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    static func run(
        _ command: [String], folder: String = "/", environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = make(command, folder: folder, environment: environment)
        let output = Pipe()
        // A file rather than a second pipe: nobody has to read two at once.
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: data, as: UTF8.self),
            errors: (try? String(contentsOf: errors, encoding: .utf8)) ?? "")
    }

    /// As `run`, for a program that must succeed.
    @discardableResult
    static func succeed(
        _ command: [String], folder: String = "/", environment: [String: String] = [:]
    ) throws -> String {
        let outcome = try run(command, folder: folder, environment: environment)
        guard outcome.status == 0 else {
            throw Failure(
                "\(command.joined(separator: " ")) ended with \(outcome.status):\n\(outcome.errors)\(outcome.output)")
        }
        return outcome.output
    }

    /// sched(7).
    enum Scheduling {
        /// SCHED_OTHER, as systemd and shells start programs.
        case ordinary
        /// SCHED_BATCH, as Tandem starts services.
        case batch
    }

    /// Starts a program that serves until `terminate` is called. Like a service it is in a session of its own, since
    /// Linux shares the processor among sessions (sched(7), "The autogroup feature"): together with us and the load,
    /// its share would be another. The shell in between only passes the signal on.
    static func start(
        _ command: [String], folder: String = "/", environment: [String: String] = [:],
        scheduling: Scheduling = .ordinary, log: String
    ) throws -> Process {
        let service = ["sh", "-c", #"setsid "$@" & trap "kill $!" TERM; wait; wait"#, "sh"]
        let policy = scheduling == .batch ? ["chrt", "--batch", "0"] : []
        let process = make(service + policy + command, folder: folder, environment: environment)
        try Data().write(to: URL(fileURLWithPath: log))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        process.standardOutput = file
        process.standardError = file
        try process.run()
        return process
    }

    private static func make(_ command: [String], folder: String, environment: [String: String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        return process
    }
}

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body) / .seconds(1)
}

import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// One run of a program of this machine, with bounds on its time and on what is kept of its output.
struct BoundedCommand: Sendable {
    struct Outcome: Sendable {
        /// nil: a signal ended it.
        var status: Int32?
        var output: [UInt8]
        var errors: String
    }

    enum Failure: Error, Equatable {
        case timedOut
        case saidTooMuch
        case cannotStart(String)
    }

    /// Found in PATH.
    var program: String
    var arguments: [String]
    var input: [UInt8] = []
    var outputLimitBytes: Int
    var limit: Duration

    /// OpenSSH says a few lines, even where it warns at length.
    private static let errorLimitBytes = 1 << 18

    func run() async throws -> Outcome {
        let outcome = try await withThrowingTaskGroup(of: Outcome?.self) { group in
            group.addTask { try await runUnbounded() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let outcome else { throw Failure.timedOut }
        return outcome
    }

    private func runUnbounded() async throws -> Outcome {
        do {
            let result = try await Subprocess.run(
                .name(program), arguments: Arguments(arguments),
                // The messages are read by this program, so they must not be translated.
                environment: .inherit.updating(["LC_ALL": "C", "LANGUAGE": nil]),
                platformOptions: Self.platformOptions,
                input: .array(input), output: .bytes(limit: outputLimitBytes),
                error: .bytes(limit: Self.errorLimitBytes))
            let status: Int32? =
                switch result.terminationStatus {
                case .exited(let code): code
                case .signaled: nil
                }
            return Outcome(
                status: status, output: result.standardOutput,
                errors: String(decoding: result.standardError, as: UTF8.self))
        } catch let error as SubprocessError {
            if error.code == .outputLimitExceeded { throw Failure.saidTooMuch }
            throw Failure.cannotStart("\(error)")
        }
    }

    private static var platformOptions: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(1))]
        return options
    }
}

import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A program run to its end.
struct Program {
    struct Outcome: CustomStringConvertible {
        /// The exit status, or 128 and the signal's number.
        var status: Int32
        var output: String
        var errors: String

        var description: String { "status \(status)\n--- output\n\(output)\n--- errors\n\(errors)" }
    }

    /// - Parameter user: run it with this user's rights (only root can).
    static func run(
        _ program: String, _ arguments: [String], folder: String = "/", environment: [String: String] = [:],
        user: (id: UInt32, group: UInt32)? = nil
    ) async throws -> Outcome {
        var changes: [Environment.Key: String?] = [:]
        for (name, value) in environment {
            if let key = Environment.Key(rawValue: name) { changes[key] = value }
        }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(30))]
        var words = [program] + arguments
        if let user {
            words =
                ["/usr/bin/setpriv", "--reuid", "\(user.id)", "--regid", "\(user.group)", "--clear-groups", "--"]
                + words
        }
        let result = try await Subprocess.run(
            words[0].contains("/") ? .path(FilePath(words[0])) : .name(words[0]),
            arguments: Arguments(Array(words.dropFirst())),
            environment: .inherit.updating(changes), workingDirectory: FilePath(folder), platformOptions: options,
            output: .string(limit: 16 << 20), error: .string(limit: 4 << 20))
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Outcome(status: status, output: result.standardOutput, errors: result.standardError)
    }
}

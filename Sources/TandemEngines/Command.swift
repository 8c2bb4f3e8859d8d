import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// One run of a helper program, with a bound on its time and on what is kept of its output.
struct Command: Sendable {
    /// A name that is looked up in PATH, or an absolute path.
    var program: String
    var arguments: [String]
    var timeout: Duration
    /// Whose rights the program gets; nil: those of this process. Only root can give others.
    var account: EngineStore.Account?

    init(_ program: String, _ arguments: [String], timeout: Duration, account: EngineStore.Account? = nil) {
        self.program = program
        self.arguments = arguments
        self.timeout = timeout
        self.account = account
    }

    struct Outcome: Sendable {
        var isSuccess: Bool
        /// Such as `exit code 1`.
        var ending: String
        /// Lines without their ends; the last ones if there were very many.
        var output: [String]
        var errors: [String]
    }

    /// More lines than any command here is read for; older ones are forgotten.
    static let keptLines = 20_000

    /// Runs the program to its end.
    /// - Parameter eachLine: called for every line of standard output when it comes.
    /// - Throws: ``EngineError`` if the program cannot be started or takes too long.
    func run(eachLine: @escaping @Sendable (String) -> Void = { _ in }) async throws -> Outcome {
        let outcome = try await withThrowingTaskGroup(of: Outcome?.self) { group in
            group.addTask { try await runUnbounded(eachLine: eachLine) }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let outcome else {
            throw EngineError(
                .command, doing: "run \(program)", what: "it was ended because it took more than \(timeout)",
                next: "Try again; if it happens again, run it by hand: \(commandLine)")
        }
        return outcome
    }

    private func runUnbounded(eachLine: @escaping @Sendable (String) -> Void) async throws -> Outcome {
        do {
            let result = try await Subprocess.run(
                words[0].contains("/") ? .path(FilePath(words[0])) : .name(words[0]),
                arguments: Arguments(Array(words.dropFirst())),
                // The messages are read by programs, so they must not be translated.
                environment: .inherit.updating(["LC_ALL": "C", "LANGUAGE": nil, "DEBIAN_FRONTEND": "noninteractive"]),
                // An account may have no right to be in the folder that this process was started in.
                workingDirectory: "/",
                platformOptions: platformOptions,
                input: .none, output: .sequence, error: .sequence
            ) { execution in
                async let errors = Self.lines(of: execution.standardError) { _ in }
                let output = try await Self.lines(of: execution.standardOutput, eachLine: eachLine)
                return (output, try await errors)
            }
            let ending =
                switch result.terminationStatus {
                case .exited(let code): "exit code \(code)"
                case .signaled(let signal): "signal \(signal)"
                }
            return Outcome(
                isSuccess: result.terminationStatus.isSuccess, ending: ending, output: result.closureResult.0,
                errors: result.closureResult.1)
        } catch let error as SubprocessError {
            throw EngineError(
                .command, doing: "start \(program)", what: "\(error)",
                next: "Check that it is installed and may be run: \(commandLine)")
        }
    }

    private static func lines(
        of sequence: SubprocessOutputSequence, eachLine: @Sendable (String) -> Void
    ) async throws -> [String] {
        var kept: [String] = []
        for try await line in sequence.strings() {
            eachLine(line)
            kept.append(line)
            if kept.count > 2 * keptLines { kept.removeFirst(keptLines) }
        }
        return kept
    }

    /// With an account, by way of setpriv(1): changing the user between fork and exec of a program with threads can
    /// wait for ever (the C library's setuid(2) changes all threads, and waits for one that was being made).
    private var words: [String] {
        guard let account else { return [program] + arguments }
        return [
            "/usr/bin/setpriv", "--reuid", "\(account.userID)", "--regid", "\(account.groupID)", "--clear-groups",
            "--", program,
        ] + arguments
    }

    private var platformOptions: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        return options
    }

    /// The command as one would type it.
    private var commandLine: String {
        ([program] + arguments).map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " ")
    }
}

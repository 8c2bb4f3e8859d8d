public import TandemStack

/// A connection to one host, which all commands share.
public struct HostSession: Sendable {
    /// How a command becomes root there.
    public enum Privilege: Sendable, Equatable {
        /// The user is root.
        case root
        /// sudo asks for no password.
        case sudo
        case noSudo
        case sudoWantsPassword
    }

    /// What a command has left behind.
    public struct Outcome: Sendable, Equatable {
        public var status: Int32
        public var output: String
        /// The last words on standard error.
        public var errors: String
    }

    public let host: Host
    public let line: SSHCommandLine
    /// The user there.
    public let user: String
    public let privilege: Privilege

    public var canBeRoot: Bool { privilege == .root || privilege == .sudo }

    /// Printed before the command's own output: what the user's shell says when it starts comes before it.
    private static let beginning = "tandem-command-begins\n"
    /// How much longer than the command itself the connection may take.
    private static let graceSeconds = SSHCommandLine.connectSeconds + 10
    private static let openSeconds = 30

    /// Connects, and finds out who one is there.
    public static func open(_ host: Host, _ line: SSHCommandLine) async throws -> HostSession {
        let question = """
            id -un; if [ "$(id -u)" = 0 ]; then echo root; elif ! command -v sudo >/dev/null 2>&1; then echo none; \
            elif sudo -n true >/dev/null 2>&1; then echo sudo; else echo password; fi
            """
        let outcome = try await run(
            ["/bin/sh", "-c", question], through: line, asRoot: nil, input: [], outputLimitBytes: 1 << 16,
            seconds: openSeconds)
        let words = outcome.output.split(separator: "\n").map(String.init)
        let ways: [String: Privilege] = ["root": .root, "sudo": .sudo, "none": .noSudo, "password": .sudoWantsPassword]
        guard words.count == 2, let privilege = ways[words[1]] else {
            throw ReachError(line, .noShell(SSHWords.printable(outcome.output + outcome.errors)))
        }
        return HostSession(host: host, line: line, user: SSHWords.printable(words[0]), privilege: privilege)
    }

    /// Runs a command to its end, as root where the user may become it.
    ///
    /// - Throws: `ReachError` where it took longer than `seconds`, said more than `outputLimitBytes`, or where the
    ///   connection was lost; then nobody knows how far the command came.
    public func run(
        _ command: [String], input: [UInt8] = [], outputLimitBytes: Int = 1 << 20, seconds: Int = 30
    ) async throws -> Outcome {
        try await Self.run(
            command, through: line, asRoot: privilege == .sudo ? true : nil, input: input,
            outputLimitBytes: outputLimitBytes, seconds: seconds)
    }

    /// The arguments of `ssh` for a command that takes over this process's own terminal and pipes, without a bound on
    /// its time.
    /// - Parameter isTerminal: whether it gets a terminal there.
    public func attached(_ command: [String], isTerminal: Bool) -> [String] {
        let words = (privilege == .sudo ? ["sudo", "-n", "--"] : []) + command
        return line.running("exec " + words.map(ShellWord.quoted).joined(separator: " "), isTerminal: isTerminal)
    }

    /// Ends the connection; the next command would open another one.
    public func close() async {
        await Self.close(line)
    }

    static func close(_ line: SSHCommandLine) async {
        let command = BoundedCommand(
            program: "ssh", arguments: line.closing, outputLimitBytes: 1 << 12, limit: .seconds(5))
        // Where there is none any more, there is nothing to end.
        _ = try? await command.run()
    }

    /// - Parameter asRoot: true: by way of sudo.
    private static func run(
        _ command: [String], through line: SSHCommandLine, asRoot: Bool?, input: [UInt8], outputLimitBytes: Int,
        seconds: Int
    ) async throws -> Outcome {
        // A command whose connection is cut would go on for ever; what was started by it gets the signal, too.
        var words = ["timeout", "-k", "2", "\(seconds)"]
        if asRoot == true { words = ["sudo", "-n", "--"] + words }
        words += ["/bin/sh", "-c", "echo \(beginning.dropLast()); exec \"$@\"", "sh"] + command
        let text = "exec " + words.map(ShellWord.quoted).joined(separator: " ")
        let ssh = BoundedCommand(
            program: "ssh", arguments: line.running(text), input: input,
            outputLimitBytes: outputLimitBytes + (1 << 16), limit: .seconds(seconds + graceSeconds))
        let result: BoundedCommand.Outcome
        do {
            result = try await ssh.run()
        } catch let failure as BoundedCommand.Failure {
            let problem: ReachError.Problem =
                switch failure {
                case .timedOut: .timedOut(seconds: seconds + graceSeconds)
                case .saidTooMuch: .saidTooMuch
                case .cannotStart(let reason): .noClient(reason)
                }
            throw ReachError(line, problem)
        }
        let output = String(decoding: result.output, as: UTF8.self)
        guard let range = output.firstRange(of: beginning) else {
            throw ReachError(line, unbegun(result, line, output, seconds))
        }
        guard let status = result.status else {
            throw ReachError(line, .other("OpenSSH's client was ended by a signal"))
        }
        // timeout(1) ends with 124, or by the signal that it sent last.
        if status == 124 || status == 137 { throw ReachError(line, .timedOut(seconds: seconds)) }
        // 255 with words of the client's own: the connection was lost in the middle.
        if status == 255, result.errors.contains("Connection to ") || result.errors.contains("Broken pipe") {
            throw ReachError(line, SSHWords.problem(result.errors))
        }
        return Outcome(
            status: status, output: String(output[range.upperBound...]),
            errors: result.errors.split(whereSeparator: \.isNewline).suffix(20).map(SSHWords.printable)
                .joined(separator: "\n"))
    }

    private static func unbegun(
        _ result: BoundedCommand.Outcome, _ line: SSHCommandLine, _ output: String, _ seconds: Int
    ) -> ReachError.Problem {
        // The command was ended, because its time was over, before the host's shell had begun.
        if result.status == 124 || result.status == 137 { return .timedOut(seconds: seconds) }
        if result.status == 255 { return SSHWords.problem(result.errors) }
        let words = (output + result.errors).split(whereSeparator: \.isNewline).suffix(2).map(SSHWords.printable)
        return .noShell(words.joined(separator: "; "))
    }
}

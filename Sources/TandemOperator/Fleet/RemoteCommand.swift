import Foundation
import Glibc
import TandemBlueprint
import TandemFleet
import TandemStack

/// Has a host's own program carry a command out, with this process's terminal, pipes and exit status.
package struct RemoteCommand: Sendable {
    package let hosts: FleetHosts

    package init(hosts: FleetHosts) { self.hosts = hosts }

    /// Which host a command is about that names none.
    package enum Subject: Equatable, Sendable {
        case primary
        /// One that follows the primary; the primary, where none does.
        case replica
        case app
    }

    private var places: HostPlaces { hosts.places }

    /// By the settings that operators keep there.
    /// - Parameters:
    ///   - isChange: whether the command changes the stack, so that it holds the operators' lock on the hosts while it
    ///     runs.
    ///   - isTerminal: whether it gets a terminal there; nil: where we have one.
    package func runOnAny(isChange: Bool = false, isTerminal: Bool? = nil) async throws {
        guard isChange else { return try await attachAny(isTerminal) }
        try await FleetLock.holding(hosts, await hosts.sessionsThatAnswer()) { _ in try await attachAny(isTerminal) }
    }

    private func attachAny(_ isTerminal: Bool?) async throws {
        let session = try await hosts.anySession()
        let file = "\(places.operatorFolder)/\(Project.fileName)"
        guard try await session.run(["test", "-e", "\(places.operatorFolder)/fleet.json"]).status == 0 else {
            throw Failure(
                .notRunning, "the stack '\(hosts.stack.name)' is not on its hosts yet; start it with: tandem up")
        }
        let command = OperatorMode.environment(stack: hosts.stack.name) + terminal + [HostPlaces.program]
        try attach(
            session, command + Self.arguments(Array(CommandLine.arguments.dropFirst()), file: file),
            isTerminal: isTerminal)
    }

    /// As the account of the stack on one host.
    package func run(on name: String?, _ subject: Subject) async throws {
        let role: Role = subject == .app ? .app : .database
        var target = hosts.stack.hosts(role).first { $0.name == name }
        if name != nil, target == nil {
            let all = hosts.stack.hosts(role).map(\.name).joined(separator: ", ")
            throw Failure(
                .usage, "there is no \(role.rawValue) host named '\(Terminal.printable(name ?? ""))'; there are: \(all)"
            )
        }
        if target == nil { target = try await chosen(subject) }
        guard let host = target else { throw Failure(.failed, "the stack has no \(role.rawValue) host") }
        let session = try await hosts.session(host)
        if subject == .app {
            let command = CommandLine.arguments.drop { $0 != "--" }.dropFirst()
            return try attach(
                session,
                OperatorMode.environment(stack: hosts.stack.name) + terminal
                    + [HostPlaces.program, "host", "run", hosts.stack.name, host.name, "--"] + command)
        }
        let account = StackAccount(stack: hosts.stack.name).name
        let command =
            [
                "setpriv", "--reuid=\(account)", "--regid=\(account)", "--init-groups", "--no-new-privs", "env",
                "\(AccountEnvironment.stateVariable)=\(places.stateFolder)", "XDG_RUNTIME_DIR=\(places.runtimeFolder)",
                "HOME=\(places.stateFolder)",
            ] + terminal + [HostPlaces.program]
        let own = Self.arguments(
            Array(CommandLine.arguments.dropFirst()), file: "\(places.stateFolder)/\(Project.fileName)",
            host: name == nil ? host.name : nil)
        try attach(session, command + own)
    }

    private func chosen(_ subject: Subject) async throws -> Host? {
        if subject == .app { return hosts.stack.hosts(.app).first }
        let session = try await hosts.anySession()
        let words = ["status", "--format", "json", "--file", "\(places.operatorFolder)/\(Project.fileName)"]
        let outcome = try await session.run(
            OperatorMode.environment(stack: hosts.stack.name) + [HostPlaces.program] + words)
        struct Answer: Decodable {
            struct Database: Decodable {
                struct Replica: Decodable {
                    var host: String
                    var state: String
                }
                var primary: String
                var replicas: [Replica]
            }
            var database: Database?
        }
        guard let database = try? JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8)).database else {
            throw Failure(.notRunning, "no agent says who is the primary; see: tandem status")
        }
        let replica = subject == .replica ? database.replicas.first { $0.state == "streaming" }?.host : nil
        return hosts.stack.hosts.first { $0.name == replica ?? database.primary }
    }

    private var terminal: [String] {
        var words: [String] = []
        let environment = ProcessInfo.processInfo.environment
        for name in ["TERM", "NO_COLOR", "COLORTERM"] {
            if let value = environment[name] { words.append("\(name)=\(value)") }
        }
        if let columns = Terminal.columns { words.append("COLUMNS=\(columns)") }
        return ["env"] + words
    }

    private func attach(_ session: HostSession, _ command: [String], isTerminal: Bool? = nil) throws {
        let haveTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        let status = try session.runAttached(command, isTerminal: isTerminal ?? haveTerminal)
        guard status == 0 else { throw QuietEnd(status) }
    }

    /// The command line as it was typed, about another file.
    /// - Parameter host: put in where the user has named none.
    package static func arguments(_ typed: [String], file: String, host: String? = nil) -> [String] {
        var result: [String] = []
        var rest = typed[...]
        while let word = rest.popFirst() {
            if word == "--" {
                rest = [word] + rest
                break
            }
            if word == "--file" {
                rest = rest.dropFirst()
            } else if !word.hasPrefix("--file=") {
                result.append(word)
            }
        }
        return result + (host.map { [$0] } ?? []) + ["--file", file] + rest
    }
}

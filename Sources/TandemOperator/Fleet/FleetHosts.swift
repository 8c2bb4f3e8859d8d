import Foundation
import TandemBlueprint
import TandemFleet
import TandemStack

/// The hosts of one stack, over SSH.
package struct FleetHosts: Sendable {
    package let project: Project
    let fleet: Fleet

    package init(project: Project, fleet: Fleet) {
        self.project = project
        self.fleet = fleet
    }

    package var stack: Stack { project.stack }
    var places: HostPlaces { HostPlaces(stack: stack.name) }

    /// Does the same on many hosts at once.
    /// - Parameter doing: for the error, such as `install the program`.
    /// - Throws: `Failure` that names each host where it failed, and why.
    @discardableResult
    func onEach<R: Sendable>(
        _ doing: String, only hosts: [Host]? = nil, _ body: @escaping @Sendable (HostSession) async throws -> R
    ) async throws -> [String: R] {
        let answers = try await answers(of: hosts ?? stack.hosts, body)
        guard answers.problems.isEmpty else { throw answers.failure(doing) }
        return answers.values
    }

    /// Does the same on many hosts at once. One that does not answer is no error, as long as another one does.
    /// - Returns: what they answer, and what kept others from it, for people.
    func onEachThatAnswers<R: Sendable>(
        _ doing: String, of hosts: [Host], _ body: @escaping @Sendable (HostSession) async throws -> R
    ) async throws -> Answers<R> {
        let answers = try await answers(of: hosts, body)
        guard !answers.values.isEmpty else { throw answers.failure(doing) }
        return answers
    }

    struct Answers<R: Sendable>: Sendable {
        var values: [String: R] = [:]
        var problems: [String] = []

        init(_ results: [(host: Host, result: Result<R, any Error>)]) {
            for (host, result) in results {
                switch result {
                case .success(let value): values[host.name] = value
                case .failure(let error): problems.append(FleetHosts.words(host, error))
                }
            }
        }

        func failure(_ doing: String) -> Failure {
            Failure(.failed, "cannot \(doing):\n" + problems.joined(separator: "\n"))
        }
    }

    private func answers<R: Sendable>(
        of hosts: [Host], _ body: @escaping @Sendable (HostSession) async throws -> R
    ) async throws -> Answers<R> {
        let names = Set(hosts.map(\.name))
        let results = await fleet.onEach(only: { names.contains($0.name) }, body)
        try Task.checkCancellation()
        return Answers(results)
    }

    private static func words(_ host: Host, _ error: any Error) -> String {
        if let error = error as? ReachError { return "  \(host.name): \(error.text)\n    \(error.remedy)" }
        if let error = error as? Failure { return "  \(host.name): \(error.message)" }
        return "  \(host.name): \(error)"
    }

    /// Sessions of the hosts that answer, by name.
    func sessionsThatAnswer() async -> [String: HostSession] {
        await fleet.onEach { $0 }.reduce(into: [:]) { sessions, entry in
            if case .success(let session) = entry.result, session.canBeRoot { sessions[entry.host.name] = session }
        }
    }

    /// The session of one host that can be root there.
    func session(_ host: Host) async throws -> HostSession {
        let session: HostSession
        do {
            session = try await HostSession.open(host, fleet.line(to: host))
        } catch let error as ReachError {
            throw Failure(.failed, "\(host.name): \(error.text)\n\(error.remedy)")
        }
        guard session.canBeRoot else {
            throw Failure(.failed, "\(host.name): \(session.rootRefusal)")
        }
        return session
    }

    /// The same over a connection of its own.
    func freshSession(_ host: Host) async throws -> HostSession {
        var line = fleet.line(to: host)
        line.controlSocket = "none"
        return try await HostSession.open(host, line)
    }

    /// Ends every host's agent, with what it still runs, until the next `tandem up`: also through a restart of the
    /// host.
    func letAgentsGo() async throws {
        let places = places
        try await onEach("stop the agents") { session in
            try await session.script(
                Self.leave, [places.unit, places.launcherSocketUnit, places.launcherUnit], seconds: 200)
        }
    }

    /// The agent has stopped the app; what that has left behind, out of the agent's sight, ends with its launcher.
    private static let leave = """
        set -e
        systemctl disable --quiet --now "$1"
        [ "$(systemctl is-active "$2")" = active ] || exit 0
        systemctl stop "$2"
        systemctl kill --kill-who=all --signal=KILL "$3" 2>/dev/null || :
        systemctl stop "$3"
        """

    /// The first host that answers and knows of the stack; where none of them does, one that answers.
    func anySession() async throws -> HostSession {
        let file = "\(places.operatorFolder)/fleet.json"
        let found = await withTaskGroup(of: Result<(HostSession, knows: Bool), any Error>.self) { group in
            for host in stack.hosts.prefix(Fleet.widestReach) {
                group.addTask {
                    do {
                        let session = try await session(host)
                        return .success((session, try await session.run(["test", "-e", file]).status == 0))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var last: Result<HostSession, any Error>?
            for await result in group {
                if case .success(let (session, knows)) = result {
                    last = .success(session)
                    if knows { break }
                } else if case .failure(let error) = result, last == nil {
                    last = .failure(error)
                }
            }
            group.cancelAll()
            return last
        }
        switch found {
        case .success(let session): return session
        case .failure(let error):
            let reason = (error as? Failure)?.message
            throw Failure(.failed, "no host of '\(stack.name)' can be reached: \(reason ?? "\(error)")")
        case nil: throw Failure(.failed, "'\(stack.name)' has no host")
        }
    }
}

extension HostSession {
    /// What is said where `canBeRoot` is false.
    var rootRefusal: String { "\(user) cannot become root without a password; see: tandem doctor" }

    /// Runs a step of this program on the host, in the operator's name.
    /// - Throws: `Failure` with what it said, where it failed.
    func step(
        _ words: [String], stack: String, input: [UInt8] = [], outputLimitBytes: Int = 1 << 20, seconds: Int = 120
    ) async throws -> String {
        let command = OperatorMode.environment(stack: stack) + [HostPlaces.program, "host"] + words
        let outcome = try await run(command, input: input, outputLimitBytes: outputLimitBytes, seconds: seconds)
        guard outcome.status == 0 else {
            throw Failure(
                ExitStatus(rawValue: outcome.status) ?? .failed,
                outcome.errors.isEmpty ? "it ended with \(outcome.status)" : Self.said(outcome.errors))
        }
        return outcome.output
    }

    /// An error's words without their first one, which this program puts before them again.
    static func said(_ words: String) -> String {
        words.hasPrefix("error: ") ? String(words.dropFirst("error: ".count)) : words
    }

    /// Runs a shell script of ours on the host.
    /// - Parameter shellName: what is `$0` in it.
    @discardableResult
    func script(
        _ text: String, shellName: String = "sh", _ arguments: [String] = [], input: [UInt8] = [], seconds: Int = 60
    ) async throws -> String {
        let outcome = try await run(["/bin/sh", "-c", text, shellName] + arguments, input: input, seconds: seconds)
        guard outcome.status == 0 else {
            throw Failure(.failed, outcome.errors.isEmpty ? "a command ended with \(outcome.status)" : outcome.errors)
        }
        return outcome.output
    }
}

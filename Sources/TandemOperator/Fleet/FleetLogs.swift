import Foundation
import TandemBlueprint
import TandemFleet
import TandemStack

/// The logs of all hosts as one. Each host's own program reads them; lines come with their times, by which they are put
/// in order here.
package struct FleetLogs: Sendable {
    package let hosts: FleetHosts
    let request: Request

    package init(hosts: FleetHosts, request: Request) {
        self.hosts = hosts
        self.request = request
    }

    package struct Request: Equatable, Sendable {
        /// A service or a host; nil: everything.
        var only: String?
        var lines: Int
        var isFollowing: Bool

        package init(only: String?, lines: Int, isFollowing: Bool) {
            self.only = only
            self.lines = lines
            self.isFollowing = isFollowing
        }
    }

    private static let mostBytes = 64 << 20

    /// Said by `tandem logs --follow --announces` when it reads what comes from then on.
    package static let beginning = "tandem-logs-follow"

    func words(_ host: Host) -> [String] {
        let account = StackAccount(stack: hosts.stack.name).name
        let places = hosts.places
        return [
            "setpriv", "--reuid=\(account)", "--regid=\(account)", "--clear-groups", "--no-new-privs", "env",
            "\(AccountEnvironment.stateVariable)=\(places.stateFolder)", "HOME=\(places.stateFolder)",
            HostPlaces.program, "logs", "--file", "\(places.stateFolder)/\(Project.fileName)", "--lines",
            "\(request.lines)", "--on", host.name,
        ] + (request.only.map { [$0] } ?? [])
    }

    /// Hosts on which there may be something to show.
    private var wanted: [Host] {
        guard let only = request.only, hosts.stack.hosts.contains(where: { $0.name == only }) else {
            return hosts.stack.hosts
        }
        return hosts.stack.hosts.filter { $0.name == only }
    }

    package func run() async throws {
        if request.isFollowing { return try await follow() }
        let answers = try await hosts.onEachThatAnswers("read the logs", of: wanted) { session in
            let outcome = try await session.run(
                words(session.host) + ["--times"], outputLimitBytes: Self.mostBytes, seconds: 60)
            guard outcome.status == 0 else { throw Failure(.failed, outcome.errors) }
            return outcome.output
        }
        tellOfSilent(answers.problems)
        let lines = hosts.stack.hosts.flatMap { Self.lines(answers.values[$0.name] ?? "") }
        let sorted = lines.enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }
        let text = sorted.suffix(request.lines).map { "\($0.element.text)\n" }.joined()
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    /// Lines as `tandem logs --times` writes them: seconds, a tab, the line.
    static func lines(_ output: String) -> [(time: Double, text: String)] {
        output.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let time = Double(parts[0]) else { return nil }
            return (time, String(parts[1]))
        }
    }

    /// The logs are wanted most when a host is gone.
    private func tellOfSilent(_ problems: [String]) {
        guard !problems.isEmpty else { return }
        Terminal.line("warning: some hosts' logs are not here:\n" + problems.joined(separator: "\n"))
    }

    /// In the order in which they arrive.
    private func follow() async throws {
        let sessions = try await hosts.onEachThatAnswers("read the logs", of: wanted) { $0 }
        tellOfSilent(sessions.problems)
        let readers = RemoteReaders()
        for session in sessions.values.values { try await readers.start(session, words(session.host) + ["--follow"]) }
        try await StopSignals.runUntilToldToStop { await readers.waitForAll() }
        await readers.end()
    }
}

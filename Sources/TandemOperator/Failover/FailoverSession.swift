import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

/// What the verbs of the failover have in common: a stack that runs, and an agent that takes part.
package struct FailoverSession {
    package let project: Project
    package let applied: AppliedStack
    package let client: AgentClient

    /// Runs `body` with a stack that runs.
    package static func run(
        file: String?, _ body: (FailoverSession) async throws -> Void
    ) async throws {
        let project = try Project.load(file: file)
        guard let applied = project.running else {
            throw project.notRunning
        }
        let client = try project.agentClient()
        do {
            try await body(FailoverSession(project: project, applied: applied, client: client))
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    private var hosts: [Host] { Self.hosts(of: applied.stack) }

    /// The database hosts and those that vote besides, the hosts with data first.
    package static func hosts(of stack: Stack) -> [Host] {
        let voters = Set(stack.voters.map(\.name))
        return stack.hosts(.database) + stack.hosts.filter { voters.contains($0.name) && !$0.has(.database) }
    }

    /// What the agents say; the one of the highest epoch first, and of those the primary's own.
    package func statuses() async throws -> [(host: Host, status: FailoverStatus)] {
        let answers = await withTaskGroup(of: (Host, FailoverStatus)?.self) { group in
            for host in hosts {
                group.addTask { [client] in (try? await client.failover(of: host)).map { (host, $0) } }
            }
            return await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
        }
        guard !answers.isEmpty else {
            throw Failure(.failed, "no agent answers that takes part in the failover; see: tandem status")
        }
        return Self.ranked(answers.map { (host: $0.0, status: $0.1) })
    }

    /// The one that knows best first.
    static func ranked(_ answers: [(host: Host, status: FailoverStatus)]) -> [(host: Host, status: FailoverStatus)] {
        func rank(_ status: FailoverStatus) -> (Int, Int) { (status.epoch, status.host == status.primary ? 1 : 0) }
        return answers.sorted { rank($0.status) > rank($1.status) }
    }

    /// The one that knows best, and its host.
    package func best() async throws -> (host: Host, status: FailoverStatus) {
        guard let first = try await statuses().first else {
            throw Failure(.failed, "no agent answers; see: tandem status")
        }
        return first
    }

    /// How long a host that has just been touched may take to be the partner again.
    private static let pairBound = Duration.seconds(25)

    /// So that the next change is possible when a command returns.
    /// - Parameter host: who is waited for.
    package func waitForPair(_ host: String) async throws {
        let begin = ContinuousClock.now
        while ContinuousClock.now - begin < Self.pairBound {
            if try await best().status.standing == .paired { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Failure(
            .failed,
            "\(host) did not become the partner within \(Self.pairBound); until it does, one more loss would stop writes.\n"
                + "See: tandem status, tandem why")
    }
}

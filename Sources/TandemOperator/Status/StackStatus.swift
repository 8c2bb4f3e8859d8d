import TandemAgent
import TandemStack
import TandemTopology

/// What `tandem status --format json` says. A contract: names and meanings stay.
package struct StackStatus: Codable, Sendable, Equatable {
    package enum State: String, Codable, Sendable {
        /// Everything runs, and the database acknowledges writes.
        case up
        case starting
        /// It runs, but something has failed or does not answer.
        case degraded
        case stopped
    }

    package struct HostState: Codable, Sendable, Equatable {
        package var name: String
        package var address: String
        package var roles: [Role]
        package var agent: AgentState
        package var services: [ServiceStatus]
    }

    package struct AgentState: Codable, Sendable, Equatable {
        package enum State: String, Codable, Sendable {
            case up
            case down
        }
        package var state: State
        var pid: Int32?
    }

    package struct DatabaseState: Codable, Sendable, Equatable {
        /// Rises by one with every change of primary.
        package var epoch: Int
        package var primary: String
        package var replicas: [Replica]
        var sync: Topology.Sync
    }

    package struct Replica: Codable, Sendable, Equatable {
        package var host: String
        package var state: DatabaseMember.State
        /// Whole seconds; missing where it is not known.
        package var lagSeconds: Int?

        enum CodingKeys: String, CodingKey {
            case host, state
            case lagSeconds = "lag_seconds"
        }
    }

    /// A port of a host that the firewall is to keep shut.
    package struct StrangeAnswer: Codable, Sendable, Equatable {
        package var host: String
        package var port: Int
        /// The account whose process listens there.
        package var account: String
        /// Whom it answered.
        package var asker: String
    }

    package var stack: String
    package var state: State
    /// The process that keeps the agents running.
    var keeper: AgentState
    package var url: String
    package var hosts: [HostState]
    /// Missing when no agent answers.
    package var database: DatabaseState?
    /// The app's scheduled jobs, in the order of the stack file; missing where it has none, or no app host's agent
    /// answers.
    package var jobs: [JobStatus]?

    /// What answers other hosts and is not of the stack; missing where nothing does, and where all hosts are one
    /// machine.
    package var strangeAnswers: [StrangeAnswer]?

    /// Whether agents run that nobody starts again when they die.
    package var isKeeperGone: Bool { state != .stopped && keeper.state == .down }
}

extension StackStatus {
    /// Puts together what the agents say.
    /// - Parameters:
    ///   - keeping: who keeps the stack.
    ///   - answers: by host; a host whose agent did not answer is missing.
    ///   - topology: from any agent that answered.
    init(applied: AppliedStack, keeping: StackKeeping, answers: [String: HostStatus], topology: Topology?) {
        let stack = applied.stack
        self.stack = stack.name
        url = applied.url
        keeper = AgentState(state: keeping.isAlive ? .up : .down, pid: keeping.pid)
        hosts = stack.hosts.map { host in
            let answer = answers[host.name]
            return HostState(
                name: host.name, address: host.address, roles: host.roles,
                agent: AgentState(state: answer == nil ? .down : .up, pid: answer?.pid),
                services: answer?.services ?? [])
        }
        database = topology.map { topology in
            DatabaseState(
                epoch: topology.epoch, primary: topology.primary,
                replicas: topology.members.filter { $0.role == .replica }.map {
                    Replica(host: $0.host, state: $0.state, lagSeconds: $0.lagSeconds.map { Int($0) })
                },
                sync: topology.sync)
        }
        let known = stack.app.jobs.compactMap { job in
            [JobStatus].newest(answers.values.flatMap { $0.jobs ?? [] }.filter { $0.name == job.name })
        }
        jobs = known.isEmpty ? nil : known
        let strange = stack.hosts.flatMap { asker in
            answers[asker.name]?.strangeAnswers.map { answer in
                answer.ports.map {
                    StrangeAnswer(host: answer.host, port: $0.port, account: $0.account, asker: asker.name)
                }
            } ?? []
        }
        strangeAnswers = strange.isEmpty ? nil : strange
        state = Self.state(isKept: keeping.isAlive, hosts: hosts, database: database, hasAnswers: !answers.isEmpty)
    }

    enum CodingKeys: String, CodingKey {
        case stack, state, keeper, url, hosts, database, jobs
        case strangeAnswers = "strange_answers"
    }

    /// Workers that one host is to run, and none does: all of them wait.
    var unclaimed: [String] { Self.unclaimed(hosts) }

    private static func unclaimed(_ hosts: [HostState]) -> [String] {
        let services = hosts.flatMap(\.services)
        let waiting = Set(services.filter { $0.state == .waiting }.map(\.name))
        return waiting.subtracting(services.filter { $0.state != .waiting }.map(\.name)).sorted()
    }

    private static func state(
        isKept: Bool, hosts: [HostState], database: DatabaseState?, hasAnswers: Bool
    ) -> State {
        guard isKept || hasAnswers else { return .stopped }
        let services = hosts.flatMap(\.services)
        if services.contains(where: { $0.state == .failed }) { return .degraded }
        if services.contains(where: { $0.state == .starting }) || !hasAnswers { return .starting }
        let isWhole =
            hosts.allSatisfy { $0.agent.state == .up && !$0.services.isEmpty }
            && services.allSatisfy(\.state.isHealthy) && unclaimed(hosts).isEmpty
        let isReplicated = database.map { $0.sync != .waiting && $0.replicas.allSatisfy { $0.state == .streaming } }
        return isWhole && isKept && isReplicated == true ? .up : .degraded
    }
}

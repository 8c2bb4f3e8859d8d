import Foundation
import TandemAgent
import TandemServices
import TandemStack
import TandemTopology

/// Waits until a stack that was just started serves, and says what comes up.
struct StartProgress: Sendable {
    let applied: AppliedStack
    let project: Project
    /// The keeper as our child; nil: each host's systemd keeps its agent.
    let keeper: RunningProcess?
    let steps: StepPrinter
    /// Whether the keeper takes over what an earlier one kept. Until then keeper.json is the earlier keeper's; an agent
    /// may start another keeper first.
    var isTakingOver = false

    private static let pollInterval = Duration.milliseconds(60)

    /// Beyond every service's own bound: what may take this long is not coming.
    private var bound: Duration {
        let app = applied.stack.app
        return .seconds(180 + app.startTimeoutSeconds * 2 + (app.prepare == nil ? 0 : app.prepareTimeoutSeconds))
    }

    /// - Throws: `Failure` that names the host, the service and the reason.
    func wait() async throws {
        var said: Set<String> = []
        let deadline = ContinuousClock.now + bound
        let client = try project.agentClient()
        defer { Task { await client.shutdown() } }
        let reader = StatusReader(applied: applied, folder: project.folder, client: client)
        while true {
            try checkKeeper()
            let status = await reader.read()
            announce(status, &said)
            if let failed = firstFailure(status) { throw failed }
            if status.state == .up { break }
            guard ContinuousClock.now < deadline else { throw tooLate(status) }
            try await Task.sleep(for: Self.pollInterval)
        }
        try await checkFront(deadline)
    }

    private func announce(_ status: StackStatus, _ said: inout Set<String>) {
        for host in status.hosts {
            for service in host.services where service.state == .running {
                guard said.insert("\(host.name)/\(service.name)").inserted else { continue }
                steps.done(host.name, "\(service.name)\(note(service, host, status))")
            }
        }
    }

    private func note(_ service: ServiceStatus, _ host: StackStatus.HostState, _ status: StackStatus) -> String {
        guard service.name == "mysql", let database = status.database else { return "  \(service.address)" }
        return "  \(service.address), \(database.primary == host.name ? "primary" : "replica")"
    }

    private func checkKeeper() throws {
        if let state = KeeperState.load(project.folder), state.phase == .failed, let error = state.error {
            throw Failure(.failed, error)
        }
        if let keeper, keeper.hasEnded, !(isTakingOver && KeeperState.load(project.folder)?.isAlive == true) {
            let words = LogTail.lastLines(of: project.folder.keeperLog, count: 5).joined(separator: "\n")
            throw Failure(.failed, "the keeper ended while the stack was starting:\n\(words)")
        }
    }

    private func firstFailure(_ status: StackStatus) -> Failure? {
        for host in status.hosts {
            for service in host.services where service.state == .failed {
                return failure(host, service, "failed")
            }
        }
        return nil
    }

    /// Names what everything else waits for: an agent, then a database, then any other service.
    private func tooLate(_ status: StackStatus) -> Failure {
        if let host = status.hosts.first(where: { $0.agent.state == .down }) {
            let words = LogTail.lastLines(of: "\(project.folder.logs(host.name))/agent.log", count: 5)
            return Failure(.failed, "the agent of \(host.name) does not answer:\n\(words.joined(separator: "\n"))")
        }
        let late = status.hosts.flatMap { host in
            host.services.filter { !$0.state.isHealthy || status.unclaimed.contains($0.name) }.map { (host, $0) }
        }
        if let (host, service) = late.first(where: { $0.1.name == "mysql" }) ?? late.first {
            return failure(host, service, "did not come up in time")
        }
        if let database = status.database, database.sync == .waiting {
            return Failure(
                .failed,
                "the database takes no writes: the partner of \(database.primary) does not follow it.\n\n"
                    + "See: tandem logs mysql, tandem logs agent")
        }
        return Failure(.failed, "the stack did not come up in time; look at: tandem logs, tandem logs agent")
    }

    private func failure(_ host: StackStatus.HostState, _ service: ServiceStatus, _ what: String) -> Failure {
        let detail = service.detail.map { ":\n\($0)" } ?? ""
        return Failure(
            .failed,
            "\(service.name) on \(host.name) \(what)\(detail)\n\nSee all of its log: tandem logs \(service.name)")
    }

    /// The last step: a request through the front, as a user would make it.
    private func checkFront(_ deadline: ContinuousClock.Instant) async throws {
        let front = try FrontProbe(applied: applied, folder: project.folder)
        let answer = await front.waitForAnswer(until: deadline)
        await front.shutdown()
        guard case .ok = answer else {
            throw Failure(
                .failed, "everything runs, but \(applied.url)\(applied.stack.app.health) \(answer.explanation)")
        }
        steps.done("front", "\(applied.url) answers")
    }
}

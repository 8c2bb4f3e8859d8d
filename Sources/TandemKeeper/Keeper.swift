import CTandemSystem
import Foundation
import Glibc
public import Logging
public import TandemAgent
import TandemBlueprint
import TandemServices
import TandemStack

/// The small process that stays while a stack runs on one machine: it holds the front sockets and keeps one agent for
/// each host running.
public actor Keeper {
    private let folder: StackFolder
    /// As it is written; hosts may come and go.
    private var applied: AppliedStack
    /// Hosts whose agents are being kept.
    private var kept: Set<String> = []
    /// This very program.
    private let program: String
    private let logger: Logger
    private var agents: [String: RunningProcess] = [:]
    private var state: KeeperState
    private var isStopping = false
    /// Asks agents whether they are well. Without a certificate: it lives for as long as we do, and one would expire.
    private var client: AgentClient?
    private var front = FrontSockets()
    private var heldPorts = HeldPorts()
    /// The keeper that died, when this one takes its place.
    private let predecessor: Int32?

    /// - Parameter predecessor: the pid of a keeper that died. This one takes over the agents that it kept.
    public init(folder: StackFolder, program: String, predecessor: Int32? = nil, logger: Logger) throws {
        applied = try JSONText.decode(AppliedStack.self, fromFile: folder.appliedFile)
        self.folder = folder
        self.program = program
        self.predecessor = predecessor
        self.logger = logger
        guard let identity = ProcessIdentity(pid: getpid()) else {
            throw StateError("cannot read this process's entry in /proc; is it mounted?")
        }
        state = KeeperState(identity: identity, phase: .running, steps: [], error: nil)
    }

    /// Runs until cancelled; then stops the whole stack in order.
    public func run() async throws {
        guard let lock = try FileLock(path: folder.keeperLock) else {
            // Another agent's was faster.
            if predecessor != nil { return }
            throw StateError("another keeper runs this stack already")
        }
        defer { withExtendedLifetime(lock) {} }
        // The stack may have been stopped, or started anew, while we were coming up.
        guard isWanted else { return }
        _ = tandem_become_subreaper()
        let leftovers = Leftovers(applied: applied, folder: folder)
        do {
            front = try FrontSockets.open(applied, owners: predecessor == nil ? [] : leftovers.socketOwners)
            try save()
        } catch {
            state.phase = .failed
            state.error = "\(error)"
            try save()
            throw error
        }
        let client = AgentClient(ca: folder.agentsCAFile)
        self.client = client
        await withDiscardingTaskGroup { group in
            group.addTask { await self.reapOrphans() }
            var file = AppliedFile(path: folder.appliedFile)
            // Ends with the task's cancellation, which is how the keeper is told to stop.
            while !Task.isCancelled {
                if let news = file.news() { await take(news) }
                for host in newHosts() { group.addTask { await self.keep(host) } }
                try? await Ticks.next(every: Self.lookInterval)
            }
            // In a task of its own, since this one is cancelled and could wait for nothing.
            await Task { await self.stopInOrder() }.value
            group.cancelAll()
        }
        await client.shutdown()
        unlink(folder.keeperFile)
    }

    private var isWanted: Bool {
        guard let predecessor else { return true }
        guard let last = KeeperState.load(folder) else { return false }
        return last.phase == .running && last.identity.pid == predecessor && !last.isAlive
    }

    // MARK: - Agents

    /// How often the keeper looks whether hosts have come or gone.
    private static let lookInterval = Duration.milliseconds(500)
    /// And whether a host that is to stay away may come back.
    private static let absenceInterval = Duration.milliseconds(200)

    /// Hosts that are to be kept and are not yet.
    private func newHosts() -> [String] {
        let new = applied.stack.hosts.map(\.name).filter { !kept.contains($0) }
        kept.formUnion(new)
        return new
    }

    /// Ends the agents of hosts that are gone. Whoever took the hosts out has stopped their services.
    private func take(_ news: AppliedStack) async {
        applied = news
        for (name, agent) in agents where !news.stack.hosts.contains(where: { $0.name == name }) {
            logger.info("\(name) is no longer a host of this stack")
            await agent.stop(signal: SIGTERM, bound: .seconds(3))
            heldPorts.release(name)
        }
    }

    private func keep(_ name: String) async {
        defer { kept.remove(name) }
        var policy = RestartPolicy()
        var left =
            predecessor == nil ? nil : applied.stack.hosts.first { $0.name == name }.flatMap { adopt($0) }
        while !Task.isCancelled, !isStopping, let host = applied.stack.hosts.first(where: { $0.name == name }) {
            do { try heldPorts.hold(host) } catch {
                logger.warning("cannot hold port \(Ports.agentCheck) for the agent of \(host.name): \(error)")
            }
            if left == nil, await waitUntilBack(name) { continue }
            do {
                let agent = try left ?? start(host)
                left = nil
                agents[host.name] = agent
                guard let reason = await end(of: agent, host) else { return }
                agents[host.name] = nil
                if isStopping || !applied.stack.hosts.contains(where: { $0.name == name }) { return }
                logger.warning("the agent of \(host.name) \(reason); starting it again")
            } catch {
                logger.error("cannot start the agent of \(host.name): \(error)")
            }
            switch policy.died(at: Self.clockStart.duration(to: .now)) {
            case .restart(let delay), .fail(let delay): try? await Task.sleep(for: delay)
            }
        }
    }

    /// - Returns: whether it had to wait: meanwhile the host may be gone, or the stack about to stop.
    private func waitUntilBack(_ name: String) async -> Bool {
        let absence = HostAbsence(folder: folder, host: name)
        guard absence.isLasting() else { return false }
        while absence.isLasting(), !Task.isCancelled, !isStopping {
            try? await Ticks.next(every: Self.absenceInterval)
        }
        return true
    }

    private func adopt(_ host: Host) -> RunningProcess? {
        let agent = Leftovers(applied: applied, folder: folder).agent(host.name).flatMap { RunningProcess.adopt($0) }
        if let agent { logger.info("adopted the agent of \(host.name)", metadata: ["pid": "\(agent.identity.pid)"]) }
        return agent
    }

    private func start(_ host: Host) throws -> RunningProcess {
        // Without a record the next keeper would start a second one beside it.
        try RunningProcess.start(specification(host)) { identity in
            try AtomicFile.write(
                ServiceRecord(identity: identity, since: Date().iso8601, restarts: 0, fingerprint: ""),
                to: "\(folder.records(host.name))/\(ServiceRecord.agentFile)")
        }
    }

    /// Waits until an agent has ended, by itself or because it hangs.
    /// - Returns: what happened to it; nil when the keeper stops.
    private func end(of agent: RunningProcess, _ host: Host) async -> String? {
        async let hanging = endIfItHangs(agent, host)
        guard let ending = await agent.waitForEnd() else { return nil }
        return await hanging ?? "\(ending)"
    }

    private func endIfItHangs(_ agent: RunningProcess, _ host: Host) async -> String? {
        let question = LivenessWatch.Question(interval: Self.askInterval, silenceBound: Self.silence) { [client] in
            await client?.isHealthy(host) ?? true
        }
        let watch = LivenessWatch(process: agent, isWithChildren: false, question: question)
        guard let reason = await watch.run() else { return nil }
        // Its services go on, and the next agent adopts them.
        agent.signal(SIGKILL)
        return "was ended, because \(reason)"
    }

    private static let askInterval = Duration.seconds(3)
    /// An agent that starts, or one on a machine that is busy, is silent for a while too.
    private static let silence = Duration.seconds(20)
    private static let clockStart = ContinuousClock.now

    private func specification(_ host: Host) -> ProcessSpecification {
        var environment = ProcessInfo.processInfo.environment
        environment["TANDEM_AGENT"] = host.name
        // glibc gives each thread an arena of its own, and an agent has more threads than work.
        environment["MALLOC_ARENA_MAX"] = environment["MALLOC_ARENA_MAX"] ?? "2"
        return ProcessSpecification(
            command: [program, "agent", "--folder", folder.path, "--host", host.name], environment: environment,
            workingDirectory: folder.host(host.name), logFile: "\(folder.logs(host.name))/agent.log",
            descriptors: front.descriptors, keepsLowPorts: true)
    }

    /// Services whose agent died become our children; when they end, somebody has to take note, or they stay as
    /// zombies.
    private func reapOrphans() async {
        while !Task.isCancelled {
            try? await Ticks.next(every: .seconds(1))
            var found = siginfo_t()
            while waitid(P_ALL, 0, &found, WEXITED | WNOHANG | WNOWAIT) == 0 {
                let pid = found._sifields._sigchld.si_pid
                guard pid > 0, !agents.values.contains(where: { $0.identity.pid == pid }) else { break }
                waitpid(pid, nil, WNOHANG)
                found = siginfo_t()
            }
        }
    }

    // MARK: - Stopping

    private func stopInOrder() async {
        isStopping = true
        state.phase = .stopping
        try? save()
        let plan = StopPlan(applied: applied, folder: folder, logger: logger)
        await plan.run { text, seconds in await self.did(text, seconds) }
        await withDiscardingTaskGroup { group in
            for agent in agents.values {
                group.addTask { await agent.stop(signal: SIGTERM, bound: .seconds(3)) }
            }
        }
        Leftovers(applied: applied, folder: folder).end()
        front.close()
        heldPorts.releaseAll()
    }

    private func did(_ text: String, _ seconds: Double) {
        state.steps.append(.init(text: text, seconds: seconds))
        try? save()
    }

    private func save() throws { try AtomicFile.write(state, to: folder.keeperFile) }
}

import Logging
import TandemCoordination
import TandemFailover
import TandemServices

/// The command that the driver carries out.
struct RunningCommand: Sendable {
    var id: UInt64
    var command: ServerCommand
    var task: Task<Void, Never>
}

extension FailoverDriver {
    func perform(_ action: Action) {
        switch action {
        case .server(let id, let command): start(id, command)
        case .store(let id, let request): jobs.continuation.yield(.store(id: id, request))
        case .heartbeat(let id):
            jobs.continuation.yield(.heartbeat(id: id, epoch: machine.knownRecord?.epoch ?? 0))
        case .broadcast(let status): outbox.broadcast(status)
        case .ask(let host, let question): outbox.send(.question(question), to: host)
        case .answer(let host, let question, let epoch):
            jobs.continuation.yield(.answer(host, question: question, epoch: epoch))
        }
    }

    func carryOut(_ job: Job) async {
        switch job {
        case .store(let id, let request): deliver(.storeAnswered(id: id, await store.answer(request)))
        case .heartbeat(let id, let epoch):
            let isCommitted = await hands?.heartbeat(epoch: epoch) ?? false
            deliver(isCommitted ? .heartbeatCommitted(id: id) : .heartbeatFailed(id: id))
        case .answer(let host, let question, let epoch):
            guard let transactions = await hands?.transactions() else { return }
            outbox.send(.answer(question: question, epoch: epoch, transactions), to: host)
        case .history(let details, let epoch): await complete(details, epoch)
        }
    }

    /// A change that nobody can read of afterwards is no harm to the data: a few attempts, and no more.
    private func complete(_ details: HistoryDetails, _ epoch: UInt64) async {
        var details = details
        details.executed = await hands?.transactions()?.executed
        for _ in 0..<5 where !Task.isCancelled {
            if await store.complete(details, epoch: epoch) { return }
            try? await Task.sleep(for: .seconds(2))
        }
        if !Task.isCancelled { logger.warning("the history of epoch \(epoch) could not be completed in etcd") }
    }

    /// The reducer asks for the next command when one ended, or when it gave one up.
    private func start(_ id: UInt64, _ next: ServerCommand) {
        let previous = command
        previous?.task.cancel()
        logger.debug("\(next)")
        command = RunningCommand(id: id, command: next, task: Task { await self.carryOut(id, next, after: previous) })
    }

    private func carryOut(_ id: UInt64, _ next: ServerCommand, after previous: RunningCommand?) async {
        await previous?.end(statementBound: settings.statementBound)
        // What changed nothing is asked for again at once: not thousands of times a second.
        if lastCommand == next { try? await Task.sleep(for: settings.repetitionPause) }
        lastCommand = next
        let pause = settling.pause(before: next, at: now)
        if pause > 0 { try? await Task.sleep(for: .milliseconds(pause)) }
        var outcome = CommandOutcome.failed
        if let hands, !Task.isCancelled, await rememberCluster(for: next) {
            if next == .setAccess(.closed), machine.isHandingOver { await hands.letClientsFinish() }
            outcome = await hands.run(next)
        }
        guard !Task.isCancelled else { return }
        if outcome == .failed {
            logger.notice("\(next) failed")
            // A step that fails is asked for again, with those before it.
            if next.isOwnStep { try? await Task.sleep(for: settings.failurePause) }
        }
        // The look begins after the command's end, and so shows what it did.
        let seen = await look()
        if command?.id == id { command = nil }
        deliver(.commandFinished(id: id, outcome, seen))
    }

    /// On disk before the server follows or opens: a host that was in a stack founds no other.
    private func rememberCluster(for next: ServerCommand) async -> Bool {
        guard next.needsCluster, let cluster = machine.knownCluster, cluster != noted else { return true }
        do {
            try await hands?.remember(cluster: cluster)
            noted = cluster
            return true
        } catch {
            logger.error("cannot note beside the data which stack this host is in: \(error)")
            return false
        }
    }

    /// Before the driver ends: no step of its own goes on.
    func endCommand() async {
        guard let last = command else { return }
        last.task.cancel()
        await last.end(statementBound: settings.statementBound)
        command = nil
    }
}

extension RunningCommand {
    /// Returns when a step of the agent's own has ended. A statement that does not is left to the end of its server.
    func end(statementBound: Duration) async {
        guard !command.isOwnStep else { return await task.value }
        _ = await task.value(within: statementBound)
    }
}

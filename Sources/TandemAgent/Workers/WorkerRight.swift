import Glibc
import Logging
import Synchronization
import TandemCoordination

/// This host's claim to a worker that one host at a time runs: asks etcd for it, renews it, and writes it down for the
/// next agent. `WorkerClaim` decides what it is worth.
actor WorkerRight: RunRight {
    struct Settings: Sendable {
        var worker: String
        var host: String
        var stack: String
        var stopBound: Duration
        /// The agent's records.
        var folder: String
        var connections: StoreConnections
        var logger: Logger
    }

    private nonisolated let claim: Mutex<WorkerClaim>
    private let settings: Settings
    private let file: String
    nonisolated let isInherited: Bool
    /// The question to etcd that is under way: there is one at a time, so that answers come in their order.
    private var question: Task<Void, Never>?
    private var isOver = false

    init(_ settings: Settings) {
        self.settings = settings
        file = ClaimRecord.path(settings.worker, in: settings.folder)
        isInherited = access(file, F_OK) == 0
        claim = Mutex(WorkerClaim(lease: ClaimRecord.load(file)))
    }

    nonisolated var now: WorkerClaim.Right { claim.withLock { $0.right(at: .now) } }

    private static let renewalInterval = Duration.milliseconds(2500)
    private static let retryPause = Duration.milliseconds(500)
    private static let takingInterval = Duration.seconds(1)

    func keep() async {
        while !Task.isCancelled {
            if case .renew = claim.withLock({ $0.step(at: .now) }) { await ask() }
            let isAnswered = claim.withLock { $0.lease != nil && !$0.isSilent }
            try? await Task.sleep(for: isAnswered ? Self.renewalInterval : Self.retryPause)
        }
    }

    func wait(_ waitsFor: @Sendable (String) async -> Void) async throws {
        while true {
            try Task.checkCancellation()
            if isOver { throw CancellationError() }
            if now == .run { return }
            await ask()
            if now == .run, !isOver { return }
            await waitsFor(reason)
            try await Task.sleep(for: Self.takingInterval)
        }
    }

    private var reason: String {
        claim.withLock { claim in
            if claim.isSilent { return "etcd does not answer which host runs it" }
            return claim.holder.map { $0 == settings.host ? "an earlier claim of this host runs out" : "runs on \($0)" }
                ?? "which host runs it is being decided"
        }
    }

    private func ask() async {
        if let question { return await question.value }
        let task = Task { await self.askOnce() }
        question = task
        await task.value
        question = nil
    }

    private func askOnce() async {
        guard !isOver else { return }
        let answer = await answer()
        switch answer {
        // What cannot be written down for the next agent is held all the same: that one would end the worker.
        case .held(let lease): save(lease)
        case .gone:
            settings.logger.error("\(settings.worker): the claim of this host is not in etcd any more")
            unlink(file)
        case .taken, .silent: break
        }
        claim.withLock { $0.heard(answer) }
    }

    private func answer() async -> WorkerClaim.Answer {
        guard let store = try? await store() else { return .silent }
        switch claim.withLock({ $0.step(at: .now) }) {
        case .renew(let lease): return await store.renew(lease)
        case .take:
            // An agent that ended just then may have taken it.
            if let recorded = ClaimRecord.load(file), recorded.validUntil > .now {
                return await store.renew(recorded.id)
            }
            return await store.take(
                for: settings.host, leaseTime: WorkerClaim.leaseTime(stopBound: settings.stopBound))
        }
    }

    private func save(_ lease: Lease) {
        do {
            try ClaimRecord(lease).save(to: file)
        } catch {
            settings.logger.error("\(settings.worker): \(error)")
        }
    }

    private func store() async throws -> WorkerStore {
        WorkerStore(try await settings.connections.all(), stack: settings.stack, worker: settings.worker)
    }

    func giveUp(isForGood: Bool) async {
        if isForGood { isOver = true }
        await question?.value
        let lease = claim.withLock { claim in
            defer { claim.gaveUp() }
            return claim.lease
        }
        unlink(file)
        guard let lease, let store = try? await store() else { return }
        await store.release(lease.id)
    }
}

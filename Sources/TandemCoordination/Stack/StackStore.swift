public import TandemFailover

/// Carries out what the failover asks of its store, for one agent. What it answers is what the reducer may rely on:
/// anything that is not certain is `unknown`.
public actor StackStore {
    let client: EtcdClient
    let keys: StackKeys
    private let leaseTime: Duration
    /// For each request to etcd; a refresh makes two or three.
    let deadline: Duration
    private let revokesFormerLease: Bool
    private let mayLead: Bool
    private var lease: LeaseID?
    /// The one that `leader` was under before this agent took it over.
    private var formerLease: LeaseID?

    /// - Parameters:
    ///   - leaseTime: as in the failover's `Timing`, in whole seconds, rounded up.
    ///   - deadline: shorter than the failover's `storePatience`, after which it asks again.
    ///   - mayLead: whether this host holds data, so that it can come to lead and has a lease ready; any other one only
    ///     reads.
    ///   - revokesFormerLease: whether the lease of whoever led before is ended once this agent leads. The simulator's
    ///     store lets it run out.
    public init(
        _ client: EtcdClient, keys: StackKeys, leaseTime: Duration = .seconds(4),
        deadline: Duration = .milliseconds(900), mayLead: Bool = true, revokesFormerLease: Bool = true
    ) {
        self.client = client
        self.keys = keys
        self.leaseTime = leaseTime
        self.deadline = deadline
        self.mayLead = mayLead
        self.revokesFormerLease = revokesFormerLease
    }

    public func answer(_ request: StoreRequest) async -> StoreAnswer {
        switch request {
        case .refresh: await refresh()
        case .write(let transaction): await write(transaction)
        }
    }

    /// Renews this agent's lease, or takes a new one where it is lost; then reads.
    private func refresh() async -> StoreAnswer {
        guard mayLead else { return await read() }
        do throws(CoordinationError) {
            guard try await renew() else { return .unknown }
        } catch {
            return .unknown
        }
        // Only now: what makes an agent sure is a read that was sent after its lease was renewed.
        async let courtesy: Void = revokeFormerLease()
        let answer = await read()
        await courtesy
        return answer
    }

    /// So that the host that led hears at its next renewal that it does not. It changes nothing else: no key is under
    /// that lease.
    private func revokeFormerLease() async {
        guard let former = formerLease else { return }
        formerLease = nil
        _ = try? await client.revoke(former, within: deadline)
    }

    private func renew() async throws(CoordinationError) -> Bool {
        if let known = lease {
            if try await client.keepAlive(known, within: deadline).value != nil { return true }
            if lease == known { lease = nil }
        }
        guard let granted = try await client.grantLease(leaseTime, within: deadline).value else { return false }
        // Another refresh may have taken one meanwhile; this one runs out by itself.
        if lease == nil { lease = granted.id }
        return true
    }

    /// Reads all keys as of one moment, linearizably. Also for whoever has no lease.
    public func read() async -> StoreAnswer {
        do throws(CoordinationError) {
            guard let answer = try await client.read(keys.queries, within: deadline).value else { return .unknown }
            return (try? keys.snapshot(answer.ranges)).map { .read($0) } ?? .unreadable
        } catch {
            return .unknown
        }
    }

    private func write(_ transaction: StateTransaction) async -> StoreAnswer {
        // Without a lease of its own there is nothing to put `leader` under. The reducer renews it, and asks again.
        let used = lease
        if transaction.takesLeader, used == nil { return .unknown }
        guard let request = try? keys.transaction(transaction, lease: used) else { return .unknown }
        switch await client.transact(request, within: deadline) {
        case .answered(let answer) where answer.succeeded:
            if transaction.takesLeader, revokesFormerLease { noteFormerLease(answer, own: used) }
            return .written(revision: UInt64(answer.header.revision))
        // The comparison failed.
        case .answered: return .refused
        case .refused(let refusal):
            // This copy did not take place, but one before it may.
            if refusal == .leaseNotFound, lease == used { lease = nil }
            return .unknown
        case .unknown: return .unknown
        }
    }

    private func noteFormerLease(_ answer: TransactionAnswer, own: LeaseID?) {
        for case .range(let leader) in answer.answers {
            if let former = leader.value?.lease, former != own { formerLease = former }
        }
    }

    /// Ends this agent's lease, so that others need not wait for it to run out.
    public func release() async {
        guard let released = lease else { return }
        lease = nil
        // Where it is not answered, the lease runs out.
        _ = try? await client.revoke(released, within: deadline)
    }

    /// An operator's order of a change of primary. Its id is the revision of the answer.
    public func order(_ intent: SwitchoverIntent) async throws -> TransactionOutcome {
        await client.transact(
            StoreTransaction(then: [.put(keys.intent, try keys.bytes(intent))]), within: deadline)
    }

    /// No change of primary by itself, or again.
    public func setPaused(_ isPaused: Bool) async throws -> TransactionOutcome {
        await client.transact(
            StoreTransaction(then: [.put(keys.config, try keys.bytes(StackKeys.Config(paused: isPaused)))]),
            within: deadline)
    }
}

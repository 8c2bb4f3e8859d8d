/// Decides through etcd which host runs a worker that one host at a time runs: the one that has put the worker's key,
/// under a lease that it renews.
///
/// What etcd does not answer is no claim. Its lease is revoked, so that a copy of the request that is still on its way
/// is refused.
public struct WorkerStore: Sendable {
    let client: EtcdClient
    let key: StoreKey
    let deadline: Duration

    /// - Parameter worker: its name.
    public init(_ client: EtcdClient, stack: String, worker: String, deadline: Duration = .seconds(2)) {
        self.client = client
        // Apart from the failover's keys, whose watchers wake with each change below theirs.
        key = StoreKey("/tandem-workers/\(stack)/\(worker)")
        self.deadline = deadline
    }

    public func take(for host: String, leaseTime: Duration) async -> WorkerClaim.Answer {
        guard let reading = try? await client.read(key, within: deadline).value else { return .silent }
        if let value = reading.value { return .taken(by: value.text) }
        guard let lease = try? await client.grantLease(leaseTime, within: deadline).value else { return .silent }
        return await put(host, under: lease)
    }

    func put(_ host: String, under lease: Lease) async -> WorkerClaim.Answer {
        let request = StoreTransaction(
            if: [Comparison(key, .equal, .modRevision(0))], then: [.put(key, host, lease: lease.id)])
        let answer: WorkerClaim.Answer
        switch await client.transact(request, within: deadline) {
        case .answered(let result) where result.succeeded: return .held(lease)
        case .answered: answer = .taken(by: nil)
        case .refused, .unknown: answer = .silent
        }
        await release(lease.id)
        return answer
    }

    public func renew(_ id: LeaseID) async -> WorkerClaim.Answer {
        do throws(CoordinationError) {
            guard case .value(let lease) = try await client.keepAlive(id, within: deadline) else { return .gone }
            // The key may have been deleted, or belong to another host by now. A read that is sent after the renewal
            // shows it.
            guard let reading = try await client.read(key, within: deadline).value else { return .silent }
            return reading.value?.lease == id ? .held(lease) : .gone
        } catch {
            return .silent
        }
    }

    /// Where this is not answered, the lease runs out.
    public func release(_ id: LeaseID) async { _ = try? await client.revoke(id, within: deadline) }
}

/// Decides through etcd which host runs a scheduled job, so that each due time is run once at most, and no two runs of
/// a job overlap.
///
/// A due time is claimed by a transaction: key not there, put. The same transaction takes the job's `running` key, or
/// finds that an earlier run has it. What etcd does not answer is taken by nobody, unless a read shows that the claim
/// is ours.
public struct JobStore: Sendable {
    public enum Claim: Sendable, Equatable {
        /// It is ours to run.
        case won
        /// Another host has this due time.
        case taken
        /// We have this due time, and an earlier run still has the job: nobody runs it this time.
        case skipped(JobRun?)
        /// etcd did not answer, and nothing shows that we have it: we do not run it.
        case unknown
    }

    let client: EtcdClient
    let keys: JobKeys
    let deadline: Duration
    /// How long a claim is remembered: far longer than clocks of hosts differ.
    let claimTime: Duration
    /// Between reads that look for the outcome of a claim without an answer.
    let pause: Duration

    public init(
        _ client: EtcdClient, stack: String, deadline: Duration = .seconds(2), claimTime: Duration = .seconds(86_400),
        pause: Duration = .milliseconds(500)
    ) {
        self.client = client
        keys = JobKeys(stack: stack)
        self.deadline = deadline
        self.claimTime = claimTime
        self.pause = pause
    }

    /// Claims a due time, or the job for a run by hand where the run has none.
    /// - Parameters:
    ///   - run: with an id that no other has.
    ///   - bound: how long the run can last at most, its end by force included; afterwards the job is free again,
    ///     whatever became of its host.
    public func claim(_ job: String, for run: JobRun, bound: Duration) async -> Claim {
        guard let leases = await takeLeases(bound) else { return .unknown }
        return await claim(job, for: run, leases)
    }

    func claim(_ job: String, for run: JobRun, _ leases: Leases) async -> Claim {
        guard let request = request(job, run, leases) else { return .unknown }
        let result: Claim
        switch await client.transact(request, within: deadline) {
        case .answered(let answer) where !answer.succeeded: result = .taken
        case .answered(let answer):
            switch answer.answers.last {
            case .transaction(true, _)?: return .won
            case .transaction(false, let answers)?:
                guard case .range(let range)? = answers.first else { return .unknown }
                result = .skipped(keys.run(range.value))
            default: return .unknown
            }
        case .refused: result = .unknown
        case .unknown: result = await outcome(of: run, job)
        }
        if result != .won { await giveUp(leases, keepsClaim: result.isSkipped) }
        return result
    }

    /// - Returns: nil where the run cannot be written down.
    func request(_ job: String, _ run: JobRun, _ leases: Leases) -> StoreTransaction? {
        guard let bytes = try? keys.bytes(run) else { return nil }
        let running = keys.running(job)
        let take = StoreTransaction(
            if: [Comparison(running, .equal, .modRevision(0))],
            then: [.put(running, bytes, lease: leases.run), .put(keys.last(job), bytes)],
            else: [.range(RangeQuery(.key(running), limit: 1))])
        guard let claim = claimKey(job, run) else { return StoreTransaction(then: [.transaction(take)]) }
        return StoreTransaction(
            if: [Comparison(claim, .equal, .modRevision(0))],
            then: [.put(claim, run.id, lease: leases.claim), .transaction(take)])
    }

    private func claimKey(_ job: String, _ run: JobRun) -> StoreKey? {
        run.due.map { keys.claim(job, minute: $0 / 60) }
    }

    struct Leases: Sendable {
        var claim: LeaseID
        var run: LeaseID
    }

    func takeLeases(_ bound: Duration) async -> Leases? {
        guard let claim = try? await client.grantLease(claimTime, within: deadline).value else { return nil }
        guard let run = try? await client.grantLease(bound, within: deadline).value else {
            _ = try? await client.revoke(claim.id, within: deadline)
            return nil
        }
        return Leases(claim: claim.id, run: run.id)
    }

    private static let mostReads = 3

    /// What became of a claim without an answer. That nothing is there yet proves nothing: it may still arrive.
    private func outcome(of run: JobRun, _ job: String) async -> Claim {
        let claim = claimKey(job, run)
        for _ in 0..<Self.mostReads {
            let queries = ([keys.running(job)] + (claim.map { [$0] } ?? [])).map { RangeQuery(.key($0), limit: 1) }
            if let answer = try? await client.read(queries, within: deadline).value {
                let holder = keys.run(answer.ranges.first?.value)
                if holder?.id == run.id { return .won }
                if claim != nil, let owner = answer.ranges.last?.value?.text {
                    return owner == run.id ? .skipped(holder) : .taken
                }
            }
            try? await Task.sleep(for: pause)
        }
        return .unknown
    }

    /// Without its leases, a copy of the transaction that is still on its way is refused.
    private func giveUp(_ leases: Leases, keepsClaim: Bool) async {
        _ = try? await client.revoke(leases.run, within: deadline)
        if !keepsClaim { _ = try? await client.revoke(leases.claim, within: deadline) }
    }

    /// Writes down how a run ended, and frees its job. A second time changes nothing.
    /// - Parameter begun: as it was claimed.
    /// - Returns: whether that is known to be done.
    public func finish(_ job: String, _ ended: JobRun, begun: JobRun) async -> Bool {
        guard let before = try? keys.bytes(begun), let after = try? keys.bytes(ended) else { return false }
        let last = StoreTransaction(
            if: [Comparison(keys.last(job), .equal, .value(before))], then: [.put(keys.last(job), after)])
        let running = StoreTransaction(
            if: [Comparison(keys.running(job), .equal, .value(before))], then: [.delete(.key(keys.running(job)))])
        let request = StoreTransaction(then: [.transaction(last), .transaction(running)])
        guard case .answered = await client.transact(request, within: deadline) else { return false }
        return true
    }

    /// How the jobs stand; nil where etcd does not answer.
    public func standings(of jobs: [String]) async -> [String: JobStanding]? {
        guard !jobs.isEmpty else { return [:] }
        let queries = jobs.flatMap { [keys.last($0), keys.running($0)] }.map { RangeQuery(.key($0), limit: 1) }
        guard let ranges = try? await client.read(queries, within: deadline).value?.ranges else { return nil }
        var result: [String: JobStanding] = [:]
        for (index, job) in jobs.enumerated() {
            let last = keys.run(ranges[2 * index].value)
            let running = keys.run(ranges[2 * index + 1].value)
            result[job] = JobStanding(
                last: last, isRunning: last != nil && last?.ended == nil && running?.id == last?.id)
        }
        return result
    }
}

extension JobStore.Claim {
    fileprivate var isSkipped: Bool { if case .skipped = self { true } else { false } }
}

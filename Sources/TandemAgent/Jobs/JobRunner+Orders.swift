import TandemBlueprint
import TandemCoordination
import TandemTopology

/// Runs of a job that an operator orders with `tandem job`. The agent claims each in etcd, as it does a due time, so
/// that no two runs of a job overlap.
extension JobRunner {
    /// Starts a job now, if this host gets it.
    func start(_ name: String) async -> JobStart {
        guard let job = settings.jobs.first(where: { $0.name == name }) else {
            return .refused("\(settings.host) has no job named '\(name)'")
        }
        guard await isReady(job), let store = try? await store() else {
            return .unready("what \(name) needs is not there on \(settings.host): see tandem status")
        }
        if let reason = reasonAgainst(name) { return .refused(reason) }
        let record = record(of: job, due: nil)
        switch await claim(job, record, store) {
        case .won: return await order(record)
        case .skipped(let earlier): return .refused(JobWords.goingOn(earlier))
        case .taken, .unknown:
            return .refused("etcd did not answer whose turn it is, so nothing was started; try again")
        }
    }

    /// - Returns: what this agent knows of that run, or else the job's last one.
    func report(of name: String, id: String) -> JobReport? {
        if let ended = endsByHand[name], ended.id == id {
            return JobWords.report(JobStanding(last: ended, isRunning: false))
        }
        return JobWords.report(standings[name])
    }

    private func reasonAgainst(_ name: String) -> String? {
        if isHalted || isClosed { return "the services of \(settings.host) are just stopped, or its agent begins anew" }
        return active.contains(name) ? JobWords.goingOn(standings[name]?.last) : nil
    }

    private func order(_ record: JobRecord) async -> JobStart {
        if let reason = reasonAgainst(record.job) {
            // This agent starts nothing any more, so it gives the claim back; where it ends before, the next agent
            // does. The record of an earlier run that still ends stays as it is.
            await end(record, .notStarted(reason), isActive: !active.contains(record.job))
            return .refused(reason)
        }
        active.insert(record.job)
        let standing = JobStanding(last: record.begun, isRunning: true)
        standings[record.job] = standing
        ordered.append(record)
        orders.continuation.yield()
        return JobWords.report(standing).map(JobStart.began) ?? .refused("it did not begin")
    }

    /// Runs until the task is cancelled. Runs that are under way go on, as those of due times do.
    func carryOutOrders() async {
        await withDiscardingTaskGroup { group in
            for await _ in orders.stream {
                for (job, record) in takeOrdered() { group.addTask { await self.launch(job, record) } }
            }
            isClosed = true
            for (_, record) in takeOrdered() {
                group.addTask { await self.end(record, .notStarted("the agent of \(self.settings.host) began anew")) }
            }
        }
    }

    private func takeOrdered() -> [(JobBlueprint, JobRecord)] {
        defer { ordered = [] }
        return ordered.compactMap { record in
            settings.jobs.first { $0.name == record.job }.map { ($0, record) }
        }
    }
}

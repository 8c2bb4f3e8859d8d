import Foundation

/// Where a stack's scheduled jobs are kept, and in which form. Apart from the failover's keys, whose watchers wake with
/// each change below theirs.
struct JobKeys: Sendable {
    let prefix: String

    init(stack: String) { prefix = "/tandem-jobs/\(stack)/" }

    /// Taken by whoever runs, or skips, the job in this minute.
    func claim(_ job: String, minute: Int) -> StoreKey { StoreKey("\(prefix)\(job)/due/\(minute)") }
    /// Is there while a run may still go on.
    func running(_ job: String) -> StoreKey { StoreKey("\(prefix)\(job)/running") }
    /// The last run, also long after its end.
    func last(_ job: String) -> StoreKey { StoreKey("\(prefix)\(job)/last") }

    /// The same value gives the same bytes, so that it can be compared in etcd.
    func bytes(_ run: JobRun) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(run))
    }

    /// nil: there is none, or one that this version cannot read.
    func run(_ stored: StoredValue?) -> JobRun? {
        stored.flatMap { try? JSONDecoder().decode(JobRun.self, from: Data($0.bytes)) }
    }
}

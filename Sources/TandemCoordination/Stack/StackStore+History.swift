import Foundation
import TandemFailover

extension StackStore {
    /// Completes the entry of an epoch that this host's agent began. A second time changes nothing.
    /// - Returns: whether the entry is known to be complete.
    public func completeHistory(of epoch: UInt64, with details: HistoryDetails) async -> Bool {
        let key = keys.history(epoch)
        do throws(CoordinationError) {
            guard let found = try await client.read(key, within: deadline).value?.value else { return false }
            guard let entry = try? keys.decode(HistoryEntry.self, from: found.bytes) else { return false }
            guard entry.details == nil else { return true }
            guard let bytes = try? keys.bytes(HistoryEntry(record: entry.record, details: details)) else {
                return false
            }
            let put = StoreTransaction(
                if: [Comparison(key, .equal, .modRevision(found.modRevision))], then: [.put(key, bytes)])
            guard case .answered(let answer) = await client.transact(put, within: deadline) else { return false }
            return answer.succeeded
        } catch {
            return false
        }
    }

    /// The entry of one epoch, as it is now.
    public func history(of epoch: UInt64) async throws -> HistoryEntry? {
        guard let found = try await client.read(keys.history(epoch), within: deadline).value?.value else { return nil }
        return try keys.decode(HistoryEntry.self, from: found.bytes)
    }

    /// An element whenever etcd tells of a change of the stack's keys, or may have failed to. What counts is a read.
    public nonisolated func hints() -> AsyncStream<Void> {
        let watch = client.watch(.prefix(StoreKey(keys.prefix)))
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task {
                for await event in watch {
                    if case .interrupted = event { continue }
                    continuation.yield()
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

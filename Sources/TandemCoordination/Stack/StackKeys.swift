import Foundation
public import TandemFailover

/// Where a stack's failover keeps what, and in which form. Hosts are names there.
public struct StackKeys: Sendable {
    let prefix: String
    let names: HostNames

    /// - Parameter stack: the stack's name.
    public init(stack: String, names: HostNames) {
        prefix = "/tandem/\(stack)/"
        self.names = names
    }

    var state: StoreKey { StoreKey(prefix + "state") }
    var leader: StoreKey { StoreKey(prefix + "leader") }
    var intent: StoreKey { StoreKey(prefix + "intent") }
    /// What an operator set.
    var config: StoreKey { StoreKey(prefix + "config") }
    var cluster: StoreKey { StoreKey(prefix + "init") }
    func history(_ epoch: UInt64) -> StoreKey { StoreKey("\(prefix)history/\(epoch)") }

    /// By name, each of them: a range over all would bring the history along, which grows without bound.
    var queries: [RangeQuery] { [state, leader, intent, config, cluster].map { RangeQuery(.key($0), limit: 1) } }

    struct Config: Codable {
        var paused: Bool
    }

    func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.userInfo[HostNames.key] = names
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(value))
    }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.userInfo[HostNames.key] = names
        return try decoder.decode(type, from: Data(bytes))
    }

    /// - Parameter ranges: the answers to `queries`.
    /// - Throws: where a key is damaged, or names a host that the settings do not have.
    func snapshot(_ ranges: [RangeAnswer]) throws -> StoreSnapshot {
        func decode<Value: Decodable>(_ type: Value.Type, _ index: Int) throws -> (value: Value, stored: StoredValue)? {
            guard let stored = ranges[index].value else { return nil }
            return (try self.decode(type, from: stored.bytes), stored)
        }
        let state = try decode(StateRecord.self, 0)
        var intent = try decode(SwitchoverIntent.self, 2)
        // What tells one order from the next, also where it was written over.
        if let stored = intent?.stored { intent?.value.id = UInt64(stored.modRevision) }
        return StoreSnapshot(
            state: state?.value, stateRevision: UInt64(state?.stored.modRevision ?? 0),
            leader: try decode(LeaderRecord.self, 1)?.value, intent: intent?.value,
            isPaused: try decode(Config.self, 3)?.value.paused ?? false,
            cluster: try decode(ClusterID.self, 4)?.value)
    }

    /// - Parameter lease: this host's.
    func transaction(_ transaction: StateTransaction, lease: LeaseID?) throws -> StoreTransaction {
        var comparisons = [
            Comparison(state, .equal, .modRevision(Revision(clamping: transaction.expectedRevision)))
        ]
        if transaction.expectedRevision == 0 { comparisons.append(Comparison(cluster, .equal, .modRevision(0))) }
        var operations: [StoreOperation] = [.put(state, try bytes(transaction.record))]
        if transaction.takesLeader {
            let record = LeaderRecord(host: transaction.record.primary, epoch: transaction.record.epoch)
            // What it was before: the lease that it was under is revoked afterwards.
            operations.append(.range(RangeQuery(.key(leader), limit: 1)))
            operations.append(.put(leader, try bytes(record), lease: lease))
        }
        if let ended = transaction.endsIntent {
            // A comparison of its own: the transaction takes place whether the order is still that one or not.
            let deletion = StoreTransaction(
                if: [Comparison(intent, .equal, .modRevision(Revision(clamping: ended)))], then: [.delete(.key(intent))]
            )
            operations.append(.transaction(deletion))
        }
        if let entry = transaction.history { operations.append(.put(history(entry.epoch), try bytes(entry))) }
        if let founded = transaction.founds { operations.append(.put(cluster, try bytes(founded))) }
        return StoreTransaction(if: comparisons, then: operations)
    }
}

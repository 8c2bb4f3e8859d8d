import Dispatch
public import TandemFailover

/// What a data directory holds, by its logs and notes, its server up or down.
public struct LogInventory: Sendable {
    /// In the relay log, whole.
    public var relayed: TransactionSet
    /// In the binary log, or there since before the first of them.
    public var logged: TransactionSet
    /// False: nobody has noted what this data began with (`DataNotes.note(beginning:)`), so `logged` may lack what a
    /// copy or a restored backup came with. A server that is up can say it (`gtid_purged`).
    public var knowsBeginning: Bool
    /// The last binary log was closed by its server: all that is in it is committed.
    public var isClosed: Bool

    /// Beside the waiting note, the sets that the reducer compares.
    public func inventory(note: WaitingNote?, _ sources: inout GTIDSources) -> Inventory {
        let logged = logged.gtidSet(&sources)
        return Inventory(received: logged.union(relayed.gtidSet(&sources)), logged: logged, note: note)
    }

    /// Reads it on a thread of its own: a log of 1 GB takes about a second.
    public static func read(_ folder: DataFolder) async throws -> LogInventory {
        try await onThread { try readNow(folder) }
    }

    static func readNow(_ folder: DataFolder) throws -> LogInventory {
        // The relay log first: what is applied meanwhile goes from there into the binary log, and is seen in one of the
        // two.
        let relayed = try stable { try readRelayLogs(folder) }
        let binary = try stable { try readBinaryLogs(folder) }
        let beginning = DataNotes(folder, names: HostNames([])).beginning()
        if let damage = beginning.damage { throw DataError(damage) }
        return LogInventory(
            relayed: relayed, logged: binary.logged.union(beginning.value ?? TransactionSet()),
            knowsBeginning: beginning.value != nil, isClosed: binary.isClosed)
    }

    /// Relay logs that were applied are gone, and what is in them is in the binary log. So only what is there counts
    /// here, not what they say of those before them.
    private static func readRelayLogs(_ folder: DataFolder) throws -> TransactionSet {
        var found = TransactionSet.Builder()
        for path in try folder.logs(folder.relayLog) {
            let summary = try LogScan.run(path) { found.insert($0.gtid.source, $0.gtid.number...$0.gtid.number) }
            guard summary != nil else { throw MissingLog(path: path) }
        }
        return found.set()
    }

    /// The last one has all: at its beginning it says what those before it have. One that was just being made does not
    /// say so yet.
    private static func readBinaryLogs(_ folder: DataFolder) throws -> (logged: TransactionSet, isClosed: Bool) {
        var all = TransactionSet()
        var isClosed = true
        for (place, path) in try folder.logs(folder.binaryLog).reversed().enumerated() {
            var found = TransactionSet.Builder()
            let summary = try LogScan.run(path) { found.insert($0.gtid.source, $0.gtid.number...$0.gtid.number) }
            guard let summary else { throw MissingLog(path: path) }
            if place == 0 { isClosed = !summary.isInUse && summary.format != nil }
            // Only the last log was being written when its server was ended, and recovery cuts it there.
            if let torn = summary.tornAt, place > 0 || isClosed {
                throw DataError(
                    "\(path) is damaged: there is no event at byte \(torn), though its server has closed it")
            }
            all = all.union(found.set())
            if let previous = summary.previous { return (all.union(previous), isClosed) }
        }
        return (all, isClosed)
    }

    /// A log that the index names was deleted since the index was read, or was not made yet.
    private struct MissingLog: Error, CustomStringConvertible {
        var path: String
        var description: String { "\(path) is missing, though the index of logs names it" }
    }

    private static func stable<Value>(_ read: () throws -> Value) throws -> Value {
        for _ in 0..<5 {
            do { return try read() } catch is MissingLog { continue }
        }
        do { return try read() } catch let error as MissingLog { throw DataError(error.description) }
    }
}

/// Runs what blocks on a thread that may block: the few threads of Swift's tasks must not wait for a disk. It is
/// carried through when the caller's task is cancelled, and has ended when this returns.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}

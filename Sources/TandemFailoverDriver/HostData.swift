import Foundation
import Glibc
public import TandemFailover
public import TandemReplication
import TandemServices

/// A host's data directory with the notes in it.
public struct HostData: ServerData {
    /// What others do with the data; whoever makes the driver says how.
    public struct Steps: Sendable {
        /// Makes new data in a folder that is not there yet. It may be called again after it was interrupted.
        public var initialise: @Sendable (_ folder: String) async throws -> Void
        /// Writes transactions into a reviewable file.
        public var export: @Sendable (TransactionSet) async throws -> Void
        /// Puts a copy of another host's data in the place of this one's.
        public var clone: @Sendable (HostID) async throws -> Void
        /// The data follows the primary closely: what a copy has replaced is needed no more.
        public var dropReplaced: @Sendable () async throws -> Void

        public init(
            initialise: @escaping @Sendable (_ folder: String) async throws -> Void,
            export: @escaping @Sendable (TransactionSet) async throws -> Void,
            clone: @escaping @Sendable (HostID) async throws -> Void,
            dropReplaced: @escaping @Sendable () async throws -> Void = {}
        ) {
            self.initialise = initialise
            self.export = export
            self.clone = clone
            self.dropReplaced = dropReplaced
        }
    }

    public let notes: DataNotes
    public let numbering: GTIDNumbering
    private let steps: Steps

    public init(notes: DataNotes, numbering: GTIDNumbering, steps: Steps) {
        self.notes = notes
        self.numbering = numbering
        self.steps = steps
    }

    private var path: String { notes.folder.path }

    /// In a folder beside, and moved into place once whole.
    public func prepare() async throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let new = "\(path).initial"
        if FileManager.default.fileExists(atPath: new) { try FileManager.default.removeItem(atPath: new) }
        try await steps.initialise(new)
        try Task.checkCancellation()
        var folder = notes.folder
        folder.path = new
        let fresh = DataNotes(folder, names: notes.names)
        try fresh.note(beginning: TransactionSet())
        try fresh.note(DataMembership(isFresh: true))
        try FileManager.default.moveItem(atPath: new, toPath: path)
    }

    /// No data at all is as fresh as new data.
    private var known: DataMembership {
        guard FileManager.default.fileExists(atPath: path) else { return DataMembership(isFresh: true) }
        return notes.membership().value ?? DataMembership()
    }

    public func membership() -> (isFresh: Bool, attachedEpoch: UInt64) {
        let known = known
        return (known.isFresh, known.attachedEpoch)
    }

    /// With less, mysqld cannot end what it has begun to write.
    private static let leastBytes: UInt64 = 1 << 20

    public func isDiskFull() -> Bool {
        var status = statvfs()
        // Where the folder is not there yet, that of the one above it.
        guard statvfs(path, &status) == 0 || statvfs((path as NSString).deletingLastPathComponent, &status) == 0 else {
            return false
        }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize) < Self.leastBytes
    }

    private func change(_ body: (inout DataMembership) -> Void) throws {
        let old = known
        var new = old
        body(&new)
        if new != old { try notes.note(new) }
    }

    public func waiting() -> WaitingPair? { numbering.withSources { notes.waiting(&$0).value?.pair } }

    public func noteOpening() throws { try change { $0.isFresh = false } }

    public func noteAttaching(epoch: UInt64) throws {
        try change {
            $0.isFresh = false
            $0.attachedEpoch = epoch
        }
    }

    public func note(cluster: ClusterID) throws { try change { $0.knownCluster = cluster } }

    public func noteWaiting(_ pair: WaitingPair, executed: String) throws {
        let note = WaitingNote(pair: pair, executed: try numbering.set(executed))
        try numbering.withSources { try notes.note(note, $0) }
    }

    public func deleteWaiting() throws { try notes.deleteWaiting() }

    /// Of a note that cannot be read nothing else is known.
    public func durability() -> (isDurable: Bool, isTorn: Bool) {
        do {
            guard let boot = try notes.undurable() else { return (true, false) }
            return (false, boot != ProcessIdentity.currentBootID)
        } catch {
            return (false, false)
        }
    }

    public func noteUndurable() throws {
        let boot = ProcessIdentity.currentBootID
        guard let noted = try notes.undurable() else {
            guard boot != "unknown" else { throw DataError("the system does not say since when it runs (boot_id)") }
            try notes.note(undurableIn: boot)
            return
        }
        guard noted == boot else {
            throw DataError("\(path) may be torn: its machine ended while what was committed was not on disk")
        }
    }

    public func makeDurable() async throws {
        do {
            try await notes.folder.syncLogs()
        } catch let error as LostWrites {
            try notes.noteTorn()
            throw error
        }
        try Task.checkCancellation()
        try notes.deleteUndurable()
    }

    public func settleDurability() async throws {
        let known = durability()
        if !known.isDurable, !known.isTorn { try await makeDurable() }
    }

    public func noteBeginning(purged: String) throws {
        guard case .absent = notes.beginning() else { return }
        try notes.note(beginning: TransactionSet(text: purged))
    }

    public func inspect(_ server: ServerTransactions?) async throws -> Inventory {
        if let server { try noteBeginning(purged: server.purged) }
        let found = try await LogInventory.read(notes.folder)
        // Without it, transactions that came with the data would look as if they were not there, and could be lost.
        guard found.knowsBeginning else {
            throw ServerError(
                "tell which transactions \(path) holds",
                "it is not known what its data began with; start its server once")
        }
        return numbering.withSources { found.inventory(note: notes.waiting(&$0).value, &$0) }
    }

    public func export(_ transactions: GTIDSet) async throws { try await steps.export(try set(transactions)) }

    public func cut(_ transactions: GTIDSet) async throws {
        try await LogCut(notes.folder).cut(try set(transactions))
    }

    public func clone(from host: HostID) async throws { try await steps.clone(host) }

    public func dropReplaced() async throws { try await steps.dropReplaced() }

    public func gtidSet(_ text: String) throws -> GTIDSet { try numbering.set(text) }

    private func set(_ transactions: GTIDSet) throws -> TransactionSet {
        try numbering.withSources { try TransactionSet(transactions, $0) }
    }
}

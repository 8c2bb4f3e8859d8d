import Glibc

/// Cuts a binary log before the first of some transactions, so that they were never there: what the storage engine has
/// only prepared rolls back when the server starts, since it finds no trace of it in the log. The server must be down,
/// and the waiting note must have said that none of them is committed.
public struct LogCut: Sendable {
    public let folder: DataFolder

    public init(_ folder: DataFolder) { self.folder = folder }

    /// This cut would take away what is not to be cut, or what is committed. Nothing was changed, except that the
    /// waiting note is deleted: without it the next comparison ends in a clone, which is what is left.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// May be repeated: where none of them is there any more, it makes sure of the rest. It is carried through once it
    /// has begun.
    public func cut(_ transactions: TransactionSet) async throws {
        try await onThread { try cutNow(transactions) }
    }

    func cutNow(_ transactions: TransactionSet) throws {
        guard !transactions.isEmpty else { return }
        try folder.checkServerIsDown("cut the binary log in")
        do {
            guard let place = try place(of: transactions) else { return try forgetUUID() }
            // First the UUID. Interrupted after it, the transactions are there still and are cut the next time; the
            // other way round the server could start under its old UUID, and give their numbers to others.
            try forgetUUID()
            try truncate(place.path, to: place.offset)
        } catch let refusal as Refusal {
            try DurableFile.remove(folder.file(DataNotes.waitingFile))
            throw refusal
        }
    }

    /// nil: none of them is in the binary log.
    private func place(of transactions: TransactionSet) throws -> (path: String, offset: UInt64)? {
        guard let path = try folder.logs(folder.binaryLog).last else {
            throw Refusal(description: "\(folder.path) has no binary log to cut")
        }
        var first: UInt64?
        var cut = TransactionSet.Builder()
        var others = TransactionSet.Builder()
        let summary = try LogScan.run(path) { found in
            let range = found.gtid.number...found.gtid.number
            if transactions.contains(found.gtid.source, found.gtid.number) {
                first = first ?? found.bytes.lowerBound
                cut.insert(found.gtid.source, range)
            } else if first != nil {
                others.insert(found.gtid.source, range)
            }
        }
        guard let summary else {
            throw DataError("cannot cut \(path): it is missing, though the index of logs names it")
        }
        guard let first else {
            let inventory = try LogInventory.readNow(folder)
            let left = transactions.subtracting(transactions.subtracting(inventory.logged))
            guard left.isEmpty else {
                throw Refusal(description: "cannot cut \(left.text): they are not in the last binary log, \(path)")
            }
            return nil
        }
        guard summary.isInUse else {
            throw Refusal(
                description: "cannot cut \(path): its server has closed it, so all that is in it is committed")
        }
        let missing = transactions.subtracting(cut.set())
        guard missing.isEmpty else {
            throw Refusal(description: "cannot cut \(missing.text) out of \(path): they are not in it")
        }
        let kept = others.set()
        guard kept.isEmpty else {
            throw Refusal(
                description: "cannot cut \(path) at byte \(first): \(kept.text) come after it, and are to stay")
        }
        return (path, first)
    }

    /// The server starts under a new one. Under its old UUID it would give the numbers of what is cut to new
    /// transactions, and a host that had received the old ones would look as if it had these.
    private func forgetUUID() throws { try DurableFile.remove(folder.uuidFile) }

    private func truncate(_ path: String, to offset: UInt64) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw DataError.file("cut", path) }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(offset)) == 0, fsync(descriptor) == 0 else {
            throw DataError.file("cut", path)
        }
    }
}

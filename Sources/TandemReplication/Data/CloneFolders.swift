import Foundation
import Glibc

/// The folders of a data directory that is being replaced. They lie beside each other, so that each step is one rename.
///
/// Whatever step it is interrupted at, `settle` ends in the data that there was, or in a copy that is whole.
public struct CloneFolders: Hashable, Sendable {
    /// What the server uses.
    public var data: String

    public init(data: String) { self.data = data }

    /// A copy in the making. It is whole when it has the note about its beginning, which is written last.
    var copy: String { "\(data).new" }
    /// What a copy has replaced, until the copy has joined.
    public var old: String { "\(data).old" }
    /// Being deleted.
    var discarded: String { "\(data).discarded" }
    /// Of the throwaway server that receives a copy.
    var receiver: String { "\(data).receiver" }

    public var hasOld: Bool { Self.isThere(old) }

    /// Finishes or takes back a replacement that was interrupted. The server is down.
    func settle() throws {
        if !Self.isThere(data) {
            if isWhole {
                try move(copy, to: data)
            } else if hasOld {
                try move(old, to: data)
            }
        }
        for folder in [copy, receiver, discarded] { try delete(folder) }
    }

    /// Puts the copy in the data's place. Where an earlier copy is replaced that has not joined, the data from before
    /// that is kept instead of it.
    func swap() throws {
        guard isWhole else { throw DataError("cannot use the copy \(copy): it is not whole") }
        if Self.isThere(data) { try move(data, to: hasOld ? discarded : old) }
        try move(copy, to: data)
        try delete(discarded)
    }

    /// The copy has joined: what it replaced is needed no more.
    func dropOld() throws {
        try delete(discarded)
        guard hasOld else { return }
        // Renamed first: what is half deleted must not be taken for data.
        try move(old, to: discarded)
        try delete(discarded)
    }

    private var isWhole: Bool { Self.isThere("\(copy)/\(DataNotes.beginningFile)") }

    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private func move(_ source: String, to target: String) throws {
        guard rename(source, target) == 0 else { throw DataError.file("move \(source) to", target) }
        try DurableFile.syncFolder(of: target)
    }

    private func delete(_ folder: String) throws {
        guard Self.isThere(folder) else { return }
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            throw DataError("cannot delete \(folder): \(error.localizedDescription)")
        }
    }
}

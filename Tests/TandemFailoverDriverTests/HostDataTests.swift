import Foundation
import TandemFailover
import TandemFailoverDriver
import TandemReplication
import TandemServices
import Testing

@Suite("A host's data whose commits are not on disk when they are answered")
struct HostDataTests {
    private let folder = NSTemporaryDirectory() + "/host-data-\(UUID().uuidString.prefix(8))"
    private let notes: DataNotes
    private let data: HostData

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        notes = DataNotes(DataFolder(folder), names: HostNames(["server1", "server2"]))
        data = HostData(
            notes: notes, numbering: GTIDNumbering(),
            steps: .init(initialise: { _ in }, export: { _ in }, clone: { _ in }))
    }

    private func expect(_ isDurable: Bool, _ isTorn: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        let known = data.durability()
        #expect(
            known.isDurable == isDurable && known.isTorn == isTorn, "\(known)", sourceLocation: sourceLocation)
    }

    @Test("is torn once its machine was started anew, and then neither noted anew nor taken for whole")
    func durability() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        expect(true, false)
        try data.noteUndurable()
        try data.noteUndurable()
        expect(false, false)
        #expect(try notes.undurable() == ProcessIdentity.currentBootID)
        // The server has ended, and is started again: its logs are written down before.
        try await data.settleDurability()
        expect(true, false)
        try data.noteUndurable()
        try await data.makeDurable()
        expect(true, false)

        try notes.note(undurableIn: "an earlier one")
        expect(false, true)
        #expect(throws: DataError.self) { try data.noteUndurable() }
        try await data.settleDurability()
        expect(false, true)
        try notes.noteTorn()
        expect(false, true)
    }

    @Test("is torn once the system could not write down what the server had written, though it could later")
    func lostWrites() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try data.noteUndurable()
        // What is no file cannot be written down (EINVAL).
        try "/dev/null\n".write(toFile: "\(folder)/binlog.index", atomically: true, encoding: .utf8)
        await #expect(throws: LostWrites.self) { try await data.makeDurable() }
        expect(false, true)
        try "".write(toFile: "\(folder)/binlog.index", atomically: true, encoding: .utf8)
        try await data.settleDurability()
        expect(false, true)
    }

    @Test("is neither durable nor torn where its note cannot be read")
    func unreadable() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(
            atPath: "\(folder)/tandem-undurable.json", withIntermediateDirectories: true)
        expect(false, false)
        #expect(throws: DataError.self) { try data.noteUndurable() }
    }
}

import Foundation
import TandemFailover
import Testing

@testable import TandemReplication

/// A folder of its own, deleted afterwards.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "/data-\(UUID().uuidString.prefix(8))"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("The notes inside a data directory")
struct DataNotesTests {
    private let folder: TemporaryFolder
    private let notes: DataNotes
    private let uuid = "2598f98b-ea61-11f1-8aed-3cf104423e6f"

    init() throws {
        folder = try TemporaryFolder()
        notes = DataNotes(DataFolder(folder.path), names: HostNames(["server1", "server2"]))
    }

    private func waiting(_ sources: inout GTIDSources) throws -> WaitingNote {
        WaitingNote(
            pair: WaitingPair(acknowledger: HostID(1), epoch: 3),
            executed: try GTIDSet(text: "\(uuid):1-5:7", sources: &sources))
    }

    @Test("are absent where nothing was written, and say what was written last")
    func roundTrips() throws {
        var sources = GTIDSources()
        #expect(notes.membership() == .absent && notes.waiting(&sources) == .absent)
        #expect(notes.hold() == .absent && notes.beginning() == .absent)
        #expect(try notes.undurable() == nil)
        try notes.note(undurableIn: "boot")
        #expect(try notes.undurable() == "boot")
        try "{".write(toFile: "\(folder.path)/tandem-undurable.json", atomically: true, encoding: .utf8)
        #expect(try notes.undurable() == "", "a damaged one is of no start of the machine that there is")
        try notes.deleteUndurable()
        #expect(try notes.undurable() == nil)
        try notes.note(DataMembership(knownCluster: nil, isFresh: true))
        let membership = DataMembership(knownCluster: 8731, attachedEpoch: 3)
        try notes.note(membership)
        #expect(notes.membership() == .noted(membership))
        let waiting = try waiting(&sources)
        try notes.note(waiting, sources)
        #expect(notes.waiting(&sources) == .noted(waiting))
        try notes.note(HoldOrder(isHeld: true, number: 7))
        #expect(notes.hold() == .noted(HoldOrder(isHeld: true, number: 7)))
        let beginning = try TransactionSet(text: "\(uuid):1-3,\(uuid):tag:2")
        try notes.note(beginning: beginning)
        #expect(notes.beginning() == .noted(beginning))
        try notes.note(beginning: TransactionSet())
        #expect(notes.beginning() == .noted(TransactionSet()))
        try notes.deleteWaiting()
        try notes.deleteWaiting()
        #expect(notes.waiting(&sources) == .absent)
    }

    /// Agents of two versions read them.
    @Test("have these forms, and name hosts")
    func forms() throws {
        var sources = GTIDSources()
        try notes.note(DataMembership(knownCluster: 8731, attachedEpoch: 3))
        try notes.note(try waiting(&sources), sources)
        try notes.note(HoldOrder(isHeld: true, number: 7))
        try notes.note(beginning: try TransactionSet(text: "\(uuid):1-3"))
        try notes.note(undurableIn: "6c0f3b1e")
        let forms = [
            "tandem-membership.json": #"{"attached_epoch":3,"cluster":8731,"fresh":false}"#,
            "tandem-waiting.json": #"{"acknowledger":"server2","epoch":3,"executed":"\#(uuid):1-5:7"}"#,
            "tandem-hold.json": #"{"held":true,"number":7}"#,
            "tandem-undurable.json": #"{"boot":"6c0f3b1e"}"#,
            "tandem-beginning.json": #"{"transactions":"\#(uuid):1-3"}"#,
        ]
        for (file, form) in forms {
            let path = "\(folder.path)/\(file)"
            #expect(try String(contentsOfFile: path, encoding: .utf8) == form + "\n")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == forms.count)
    }

    /// A note counts for what may be cut.
    @Test("count for nothing when they are damaged, cut short at any byte, or name an unknown host")
    func damage() throws {
        var sources = GTIDSources()
        try notes.note(try waiting(&sources), sources)
        try notes.note(DataMembership(knownCluster: 8731, attachedEpoch: 3))
        try notes.note(HoldOrder(isHeld: true, number: 7))
        for file in ["tandem-waiting.json", "tandem-membership.json", "tandem-hold.json"] {
            let path = "\(folder.path)/\(file)"
            let whole = try Data(contentsOf: URL(filePath: path))
            // The last byte is a line's end.
            for count in 0..<whole.count - 2 {
                try whole.prefix(count).write(to: URL(filePath: path))
                let damage = [notes.waiting(&sources).damage, notes.membership().damage, notes.hold().damage]
                #expect(damage.compactMap { $0 }.count == 1, "\(file) with \(count) bytes")
            }
            try whole.write(to: URL(filePath: path))
        }
        let other = DataNotes(notes.folder, names: HostNames(["server1", "server3"]))
        #expect(other.waiting(&sources).damage?.contains("server2") == true)
        for text in [
            #"{"acknowledger":"server2","epoch":3,"executed":""}"#,
            #"{"acknowledger":"server2","epoch":3,"executed":"\#(uuid):1-18446744073709551615:3"}"#,
            #"{"acknowledger":"server2","epoch":-3,"executed":"\#(uuid):1"}"#, "[]", "\u{0}",
        ] {
            try Data(text.utf8).write(to: URL(filePath: "\(folder.path)/tandem-waiting.json"))
            #expect(notes.waiting(&sources).damage != nil, "\(text)")
        }
        try Data(#"{"attached_epoch":3,"fresh":true}"#.utf8)
            .write(to: URL(filePath: "\(folder.path)/tandem-membership.json"))
        #expect(notes.membership().damage != nil)
    }
}

import Foundation
import TandemFailover
import Testing

@testable import TandemReplication

@Suite("The folders of a copy")
struct CloneFoldersTests {
    private let folder: TemporaryFolder
    private let folders: CloneFolders

    init() throws {
        folder = try TemporaryFolder()
        folders = CloneFolders(data: "\(folder.path)/mysql")
    }

    private func make(_ name: String, _ words: String, isWhole: Bool = false) throws {
        let path = "\(folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try words.write(toFile: "\(path)/words", atomically: true, encoding: .utf8)
        if isWhole { try DataNotes(DataFolder(path), names: .init([])).note(beginning: TransactionSet()) }
    }

    private func words(_ name: String) -> String? {
        try? String(contentsOfFile: "\(folder.path)/\(name)/words", encoding: .utf8)
    }

    private var names: Set<String> {
        get throws { Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) }
    }

    @Test("are exchanged, and the old data stays until it is let go")
    func swaps() throws {
        try make("mysql", "old")
        try make("mysql.new", "copy", isWhole: true)
        try folders.swap()
        #expect(words("mysql") == "copy" && words("mysql.old") == "old" && folders.hasOld)
        try folders.settle()
        #expect(words("mysql.old") == "old")
        // A second copy, before the first has joined: it is the data from before them that is kept.
        try make("mysql.new", "second copy", isWhole: true)
        try folders.swap()
        #expect(words("mysql") == "second copy" && words("mysql.old") == "old")
        try folders.dropOld()
        try folders.dropOld()
        #expect(try names == ["mysql"] && words("mysql") == "second copy")
    }

    @Test("are not exchanged for a copy that is not whole")
    func partial() throws {
        try make("mysql", "old")
        try make("mysql.new", "half a copy")
        #expect(throws: DataError.self) { try folders.swap() }
        try folders.settle()
        #expect(try names == ["mysql"] && words("mysql") == "old")
    }

    /// Every state that an interruption can leave.
    @Test(
        "end in the old data or in a whole copy, wherever it was interrupted",
        arguments: [
            (["mysql", "mysql.receiver"], "mysql"),
            (["mysql", "mysql.new", "mysql.receiver"], "mysql"),
            (["mysql", "mysql.new whole"], "mysql"),
            (["mysql.old", "mysql.new whole"], "mysql.new"),
            (["mysql.old", "mysql.new"], "mysql.old"),
            (["mysql.old", "mysql.new whole", "mysql.discarded"], "mysql.new"),
            (["mysql", "mysql.old", "mysql.discarded"], "mysql"),
            (["mysql", "mysql.old"], "mysql"),
            (["mysql", "mysql.discarded"], "mysql"),
            (["mysql.new"], nil),
        ])
    func interrupted(_ there: [String], _ data: String?) throws {
        for name in there {
            let folder = String(name.prefix { $0 != " " })
            try make(folder, folder, isWhole: name.hasSuffix(" whole"))
        }
        try folders.settle()
        try folders.settle()
        #expect(words("mysql") == data)
        // Old data stays, unless it is the data again.
        #expect(folders.hasOld == (there.contains("mysql.old") && data != "mysql.old"))
        #expect(try names.isSubset(of: ["mysql", "mysql.old"]))
    }
}

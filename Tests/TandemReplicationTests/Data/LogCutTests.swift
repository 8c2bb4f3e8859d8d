import Foundation
import Testing

@testable import TandemReplication

@Suite("A binary log is cut")
struct LogCutTests {
    private let folder: TemporaryFolder
    private let cut: LogCut
    private let uuid = "2598f98b-ea61-11f1-8aed-3cf104423e6f"
    private let log: String

    /// As its server left it when it was killed; transactions 1 to 8 and a tagged one.
    init() throws {
        folder = try TemporaryFolder()
        let recorded = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recorded/rows.binlog")
        var bytes = [UInt8](try Data(contentsOf: recorded))
        // "In use", which the checksum leaves out.
        bytes[21] |= 1
        log = "\(folder.path)/binlog.000002"
        try Data(bytes).write(to: URL(filePath: log))
        try "./binlog.000002\n".write(toFile: "\(folder.path)/binlog.index", atomically: true, encoding: .utf8)
        try "[auto]\n".write(toFile: "\(folder.path)/auto.cnf", atomically: true, encoding: .utf8)
        try "{}".write(toFile: "\(folder.path)/tandem-waiting.json", atomically: true, encoding: .utf8)
        cut = LogCut(DataFolder(folder.path))
    }

    private func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder.path)/\(name)") }

    private var size: Int {
        get throws { try Data(contentsOf: URL(filePath: log)).count }
    }

    @Test("before the first of its last transactions, once, and its server gets a new UUID")
    func tail() async throws {
        let tail = try TransactionSet(text: "\(uuid):7-8")
        try await cut.cut(tail)
        #expect(try size == 3011 && !isThere("auto.cnf"))
        #expect(
            try await LogInventory.read(cut.folder).logged.text
                == "\(uuid):1-6,aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:tagged:7")
        // Interrupted, and asked again.
        try await cut.cut(tail)
        #expect(try size == 3011 && isThere("tandem-waiting.json"))
    }

    @Test("together with what is not whole behind them")
    func torn() async throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: log))
        try handle.truncate(atOffset: 3400)
        try handle.close()
        try await cut.cut(try TransactionSet(text: "\(uuid):7"))
        #expect(try size == 3011)
    }

    @Test(
        "not where others come after them, where some are missing or elsewhere, and then no note keeps it from being cloned",
        arguments: ["SERVER:6", "SERVER:6-8", "SERVER:7-9", "SERVER:8-10", "SERVER:1-8"])
    func refused(_ form: String) async throws {
        let before = try size
        let text = form.replacing("SERVER", with: uuid)
        await #expect(throws: LogCut.Refusal.self) { try await cut.cut(try TransactionSet(text: text)) }
        #expect(try size == before && isThere("auto.cnf") && !isThere("tandem-waiting.json"))
    }

    @Test("not when its server has closed it, since all in it is committed then")
    func closed() async throws {
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: log)))
        bytes[21] &= ~1
        try Data(bytes).write(to: URL(filePath: log))
        await #expect(throws: LogCut.Refusal.self) { try await cut.cut(try TransactionSet(text: "\(uuid):7-8")) }
        #expect(try size == bytes.count && isThere("auto.cnf"))
    }
}

import Foundation
import Testing

@testable import TandemReplication

/// Logs that a mysqld 9.7 has written, and what became of them.
@Suite("A log of MySQL")
struct LogScanTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let uuid = "2598f98b-ea61-11f1-8aed-3cf104423e6f"
    /// Rows of many types, DDL, CREATE TABLE … SELECT, a tagged GTID, a compressed transaction, and a comment that ends
    /// in START TRANSACTION. Where mysqlbinlog says that each transaction ends.
    private static let ends: [UInt64] = [343, 761, 1245, 1827, 2297, 2719, 3011, 3255, 3478]

    private static func recorded(_ name: String) throws -> [UInt8] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recorded/\(name)")
        return [UInt8](try Data(contentsOf: file))
    }

    private struct Found {
        var transactions: [LoggedTransaction] = []
        var summary = LogSummary()
        var text: String {
            var set = TransactionSet.Builder()
            for found in transactions { set.insert(found.gtid.source, found.gtid.number...found.gtid.number) }
            return set.set().text
        }
    }

    private func scan(_ bytes: [UInt8]) throws -> Found {
        let path = "\(folder.path)/log"
        try Data(bytes).write(to: URL(filePath: path))
        var found = Found()
        found.summary = try #require(try LogScan.run(path) { found.transactions.append($0) })
        return found
    }

    @Test("has its transactions, tagged and compressed ones too, and those before it")
    func whole() throws {
        let rows = try scan(try Self.recorded("rows.binlog"))
        #expect(rows.text == "\(Self.uuid):1-8,aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:tagged:7")
        #expect(rows.transactions.map(\.bytes.upperBound) == Self.ends)
        #expect(
            rows.transactions.map(\.isCompressed) == [false, false, false, false, false, false, false, true, false])
        #expect(rows.transactions.allSatisfy { $0.gtid.length == UInt64($0.bytes.count) })
        #expect(rows.summary.previous == TransactionSet() && rows.summary.tornAt == nil && !rows.summary.isInUse)
        // Its server was killed.
        let killed = try scan(try Self.recorded("killed.binlog"))
        #expect(killed.text == "\(Self.uuid):9")
        #expect(killed.summary.previous?.text == rows.text && killed.summary.isInUse)
    }

    @Test("cut off at any byte has the transactions that are whole, and no others")
    func torn() throws {
        let bytes = try Self.recorded("rows.binlog")
        for count in 0..<bytes.count {
            let found = try scan(Array(bytes[..<count]))
            #expect(found.transactions.map(\.bytes.upperBound) == Self.ends.filter { $0 <= count }, "\(count) bytes")
            // An event that is not whole, unless it was cut between two.
            if let torn = found.summary.tornAt { #expect(torn <= count) }
        }
    }

    @Test("followed by zeros, as after a power cut, ends before them")
    func zeros() throws {
        let bytes = try Self.recorded("killed.binlog")
        for zeros in [1, 18, 19, 4096] {
            let found = try scan(bytes + [UInt8](repeating: 0, count: zeros))
            #expect(found.text == "\(Self.uuid):9" && found.summary.tornAt == UInt64(bytes.count))
        }
    }

    @Test("with a transaction that another one cuts off does not have the first, and has the second")
    func interrupted() throws {
        let bytes = try Self.recorded("rows.binlog")
        // The transaction from 761 to 1245 without its last event, then whole again: as a receiver writes it that
        // connects anew.
        let again = Array(bytes[..<1214] + bytes[761...])
        let found = try scan(again)
        #expect(found.transactions.count == Self.ends.count)
        #expect(found.transactions[2].bytes == 1214..<1214 + (1245 - 761))
    }

    @Test("whose statement ends in START TRANSACTION goes on only where its transaction does")
    func suffix() throws {
        var bytes = try Self.recorded("rows.binlog")
        // `/* START TRANSACTION*/` becomes `/*   START TRANSACTION`: the last words of a statement that stands alone.
        let comment = Array(" START TRANSACTION*/".utf8)
        let place = try #require(
            (0..<bytes.count - comment.count).last { Array(bytes[$0..<$0 + comment.count]) == comment })
        bytes.replaceSubrange(place..<place + comment.count, with: Array("   START TRANSACTION".utf8))
        #expect(try scan(bytes).transactions.map(\.bytes.upperBound) == Self.ends)
    }

    @Test("without the set of those before it says so")
    func withoutPrevious() throws {
        let bytes = try Self.recorded("rows.binlog")
        let found = try scan(Array(bytes[..<127]))
        #expect(found.summary.previous == nil && found.transactions.isEmpty && found.summary.tornAt == nil)
        #expect(try scan([]).summary.tornAt == 0)
        #expect(try LogScan.run("\(folder.path)/none") == nil)
    }

    @Test("that is encrypted, damaged or no log is refused, with the place")
    func refused() throws {
        let bytes = try Self.recorded("rows.binlog")
        var encrypted = bytes
        encrypted[0] = 0xfd
        #expect(throws: DataError.self) { try scan(encrypted) }
        #expect(throws: DataError.self) { try scan(Array("#!/bin/sh\n".utf8)) }
        // In the number of the first transaction, whose event has a checksum.
        var damaged = bytes
        damaged[200] ^= 1
        let error = #expect(throws: DataError.self) { try scan(damaged) }
        #expect(
            error?.description.contains("checksum that does not fit at byte 158") == true,
            "\(String(describing: error))")
    }

    @Test("with anything in it ends in an answer or an error, never in a crash")
    func fuzz() throws {
        let seed =
            ProcessInfo.processInfo.environment["TANDEM_TEST_SEED"].flatMap(UInt64.init) ?? .random(in: 1 ... .max)
        print("seed \(seed)")
        var random = Xorshift(state: seed)
        let logs = try ["rows.binlog", "killed.binlog"].map(Self.recorded)
        let end = ContinuousClock.now + .seconds(4)
        var runs = 0
        while ContinuousClock.now < end {
            var bytes = logs[Int.random(in: 0..<logs.count, using: &random)]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] = .random(in: 0 ... .max, using: &random)
                case 1: bytes[place] = [0, 0xff, 0x7f, 0x80].randomElement(using: &random) ?? 0
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 9))
                case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
                default: for index in place..<min(bytes.count, place + 8) { bytes[index] = 0xff }
                }
                if bytes.isEmpty { bytes = [0] }
            }
            // Without checksums nothing keeps the rest from being read.
            if Bool.random(using: &random), bytes.count > 123 { bytes[122] = 0 }
            let found = try? scan(bytes)
            if let found { _ = found.text }
            bytes.withUnsafeBytes { all in
                let start = Int.random(in: 0..<all.count, using: &random)
                let part = UnsafeRawBufferPointer(rebasing: all[start...])
                _ = LogGTID(tagged: part)
                _ = LogGTID(part)
                _ = TransactionSet(previous: part)
                var boundary = TransactionBoundary()
                boundary.begin(LogGTID(part), at: 4)
                for kind in UInt8(0)...45 {
                    _ = boundary.pass(kind, part, endingAt: .random(in: 4...99_999, using: &random))
                }
            }
            runs += 1
        }
        print("\(runs) logs")
        #expect(runs > 100)
    }
}

struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

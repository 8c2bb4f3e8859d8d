import Foundation
import MySQLConnector
import MySQLTestServer
import Testing

@testable import TandemReplication

@Suite("Time zones")
struct TimeZoneTests {
    private static func file(_ name: String) throws -> TimeZoneFile? {
        TimeZoneFile(try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)")))
    }

    private static let names = [
        "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC",
        "Africa/Casablanca", "Pacific/Apia", "Asia/Tokyo", "America/St_Johns",
    ]

    @Test("are the same to MySQL as to the C library, summer and winter, then and to come")
    func conversions() async throws {
        let server = try await SharedServer.server
        let zones = try Self.names.map { (names: [$0], file: try #require(try Self.file($0))) }
        // Outside the range of TIMESTAMP, MySQL converts nothing.
        let moments = [90_000_000, 330_000_000, 800_000_000, 1_720_000_000, 1_733_000_000, 2_100_000_000]
        try await server.with { connection in
            for statement in TimeZoneTables(zones: zones).statements { try await connection.execute(statement) }
            #expect(try await TimeZoneTables.areMissing(connection) == false)
            for name in Self.names {
                for moment in moments {
                    let sql =
                        "SELECT CAST(CONVERT_TZ(DATE_ADD('1970-01-01', INTERVAL \(moment) SECOND), '+00:00', '\(name)') AS CHAR)"
                    let converted = try await connection.first(sql, as: String.self)
                    #expect(converted == Self.local(moment, in: name), "\(name) at \(moment)")
                }
            }
        }
    }

    /// By `date`, which reads the same files with the C library's code.
    private static func local(_ moment: Int, in name: String) -> String? {
        try? MySQLTestServer.run("/usr/bin/env", ["TZ=\(name)", "date", "-d", "@\(moment)", "+%F %T"])
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("that are damaged, cut short or leave the clock changes to a rule are not taken")
    func damage() throws {
        let whole = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Berlin"))
        #expect(TimeZoneFile(whole) != nil)
        #expect(TimeZoneFile(Data()) == nil && TimeZoneFile(Data("TZif2".utf8)) == nil)
        for length in stride(from: 0, to: whole.count - 40, by: 37) {
            #expect(TimeZoneFile(whole.prefix(length)) == nil, "\(length)")
        }
        for position in whole.indices {
            var bytes = whole
            bytes[position] = 0xff
            _ = TimeZoneFile(bytes)
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "zic-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let source = folder.appending(path: "source")
        try Data(
            """
            Rule R 1980 max - Mar lastSun 1:00u 1:00 S
            Rule R 1980 max - Oct lastSun 1:00u 0 -
            Zone Some/Where 1:00 R CE%sT

            """.utf8
        ).write(to: source)
        try MySQLTestServer.run("/usr/sbin/zic", ["-b", "slim", "-d", folder.path, source.path])
        #expect(TimeZoneFile(try Data(contentsOf: folder.appending(path: "Some/Where"))) == nil)
    }

    @Test("fit the lines that mysqld reads when it initialises data")
    func lines() throws {
        let zones = try Self.names.map { (names: [$0], file: try #require(try Self.file($0))) }
        let statements = TimeZoneTables(zones: zones).statements
        #expect(statements.allSatisfy { $0.utf8.count < 20_000 && !$0.contains("\n") })
        #expect(statements.first == "START TRANSACTION" && statements.last == "COMMIT")
    }
}

import Foundation
import MySQLConnector
import Testing

@Suite("Values")
struct ValueTests {
    /// A value, the column type it is stored in, and what comes back.
    static let roundTrips: [(String, MySQLValue)] = [
        ("TINYINT", .int(-128)), ("SMALLINT", .int(-32768)), ("MEDIUMINT", .int(-8_388_608)),
        ("INT", .int(-2_147_483_648)),
        ("BIGINT", .int(.min)), ("BIGINT", .int(.max)), ("TINYINT UNSIGNED", .uint(255)),
        ("INT UNSIGNED", .uint(4_294_967_295)),
        ("BIGINT UNSIGNED", .uint(.max)), ("YEAR", .int(2026)), ("BIT(12)", .uint(0xABC)), ("FLOAT", .float(1.5)),
        ("DOUBLE", .double(.pi)),
        (
            "DECIMAL(65,30)",
            decimal("12345678901234567890123456789012345.123456789012345678901234567890")
        ),
        ("DECIMAL(10,2)", decimal("-0.05")), ("VARCHAR(50)", .text("naïve 🐬 \u{0}\n'\"\\")),
        ("TEXT", .text("")),
        ("CHAR(5)", .text("abc")), ("ENUM('a','b')", .text("b")), ("SET('a','b')", .text("a,b")),
        ("JSON", .text(#"{"a": [1, null]}"#)),
        ("VECTOR(2)", .bytes([0, 0, 128, 63, 0, 0, 0, 64])),
        ("POINT", .bytes([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 240, 63, 0, 0, 0, 0, 0, 0, 0, 64])),
        ("BIT(64)", .uint(.max)), ("DATE", .date(MySQLDate(year: 0, month: 1, day: 1))),
        ("BLOB", .bytes([0, 255, 39, 92])), ("VARBINARY(10)", .bytes([])), ("BINARY(3)", .bytes([1, 2, 3])),
        ("DATE", .date(MySQLDate(year: 2024, month: 2, day: 29))),
        (
            "DATETIME(6)",
            .dateTime(
                MySQLDateTime(
                    date: MySQLDate(year: 9999, month: 12, day: 31), hour: 23, minute: 59, second: 59,
                    microsecond: 999_999))
        ),
        (
            "TIMESTAMP(6)",
            .dateTime(
                MySQLDateTime(
                    date: MySQLDate(year: 2038, month: 1, day: 19), hour: 3, minute: 14, second: 7, microsecond: 1))
        ),
        ("TIME(6)", .time(MySQLTime(isNegative: true, hours: 838, minutes: 59, seconds: 58, microseconds: 5))),
        ("TIME", .time(MySQLTime(hours: 0, minutes: 0, seconds: 0))),
    ]

    private static func decimal(_ text: String) -> MySQLValue { MySQLDecimal(text).map(MySQLValue.decimal) ?? .null }

    @Test("a value comes back as it was bound, over both protocols", arguments: roundTrips.indices)
    func roundTrip(index: Int) async throws {
        let (type, value) = Self.roundTrips[index]
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, v \(type))")
            _ = try await connection.query("INSERT INTO t VALUES (1, \(value)), (2, NULL)")
            let binary = try await connection.query("SELECT v FROM t ORDER BY id")
            let text = try await connection.execute("SELECT v FROM t ORDER BY id")
            #expect(binary.map { $0[0] } == [value, .null], "\(type)")
            #expect(text.map { $0[0] } == [value, .null], "\(type)")
        }
    }

    @Test("integers are read exactly or not at all")
    func exactIntegers() async throws {
        try await withConnection { connection async throws in
            let row = try #require(
                try await connection.query(
                    "SELECT 300 AS a, -1 AS b, 18446744073709551615 AS c, SUM(x) AS d FROM (SELECT 2 AS x) t"
                ).first)
            #expect(try row.decode("a", as: Int16.self) == 300)
            #expect(throws: MySQLError.self) { try row.decode("a", as: UInt8.self) }
            #expect(throws: MySQLError.self) { try row.decode("b", as: UInt.self) }
            #expect(try row.decode("c", as: UInt64.self) == .max)
            #expect(throws: MySQLError.self) { try row.decode("c", as: Int.self) }
            #expect(try row.decode("d", as: Int.self) == 2)
        }
    }

    @Test("a row becomes a tuple, NULL an optional")
    func tuples() async throws {
        let nothingToBind: String? = nil
        try await withConnection { connection async throws in
            let row = try #require(
                try await connection.query("SELECT \(7), \("x"), \(nothingToBind), \(true), \(2.5)").first)
            let (number, text, nothing, flag, fraction) = try row.decode((Int, String, String?, Bool, Double).self)
            #expect(number == 7 && text == "x" && nothing == nil && flag && fraction == 2.5)
        }
    }

    @Test("a failed decoding names the column and both types")
    func decodingErrors() async throws {
        try await withConnection { connection async throws in
            let row = try #require(try await connection.query("SELECT 'secret' AS title, NULL AS nothing").first)
            let wrong = #expect(throws: MySQLError.self) { try row.decode("title", as: Int.self) }
            #expect(wrong?.code == .decodingFailed)
            #expect(says(wrong, "“title” is VARCHAR and cannot be read as Int"))
            #expect(says(wrong, "secret") == false)
            let null = #expect(throws: MySQLError.self) { try row.decode((String, String).self) }
            #expect(says(null, "“nothing” is NULL"))
            let missing = #expect(throws: MySQLError.self) { try row.decode("titel", as: String.self) }
            #expect(says(missing, "title, nothing"))
            let few = #expect(throws: MySQLError.self) { try row.decode((String).self) }
            #expect(says(few, "2 columns"))
            #expect(row["titel"] == nil)
        }
    }

    @Test(
        "dates are UTC to the microsecond",
        arguments: [-62_167_219_200.0, -1.000001, 0, 951_782_400.5, 1_767_225_599.999999, 253_402_300_799])
    func dates(seconds: Double) async throws {
        let date = Date(timeIntervalSince1970: seconds)
        try await withConnection { connection async throws in
            let row = try #require(try await connection.query("SELECT CAST(\(date) AS DATETIME(6)) AS d").first)
            let back = try row.decode("d", as: Date.self)
            #expect(abs(back.timeIntervalSince(date)) < 0.000_001)
        }
        let now = MySQLDateTime(utc: Date(timeIntervalSince1970: 951_782_400))
        #expect(now?.description == "2000-02-29 00:00:00")
    }

    @Test("a date that MySQL cannot hold is refused, not stored as NULL")
    func impossibleDates() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, d DATETIME)")
            await #expect(throws: MySQLError.self) {
                _ = try await connection.query("INSERT INTO t VALUES (1, \(Date(timeIntervalSince1970: 1e12)))")
            }
        }
    }

    @Test("large values pass, and small ones after them", arguments: [0, 1, 511, 512, 513, 65_536, 65_537, 20_000_000])
    func largeValues(size: Int) async throws {
        let bytes = [UInt8](repeating: 0xA5, count: size)
        let text = String(repeating: "é", count: size / 2)
        try await withConnection { connection async throws in
            _ = try await connection.execute("CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, b LONGBLOB, t LONGTEXT)")
            _ = try await connection.query("INSERT INTO t VALUES (1, \(bytes), \(text)), (2, \([UInt8]([7])), \("z"))")
            for _ in 0..<2 {
                let rows = try await connection.query("SELECT b, t FROM t ORDER BY id")
                let (firstBytes, firstText) = try rows[0].decode(([UInt8], String).self)
                #expect(firstBytes == bytes && firstText == text)
                let (lastBytes, lastText) = try rows[1].decode(([UInt8], String).self)
                #expect(lastBytes == [7] && lastText == "z")
            }
        }
    }

    @Test("a result over the bound is an error, and the connection is closed")
    func boundedResults() async throws {
        try await withConnection {
            $0.maximumResultBytes = 10_000
        } _: { connection async throws in
            let rows = try await connection.query("SELECT REPEAT('x', 5000)")
            #expect(rows.count == 1)
            let error = await #expect(throws: MySQLError.self) {
                _ = try await connection.query("SELECT REPEAT('x', 20000)")
            }
            #expect(error?.code == .resultTooLarge)
            #expect(!connection.isUsable)
        }
    }
}

/// Whether the description of the error, which may be logged, has the text.
func says(_ error: MySQLError?, _ text: String) -> Bool { error.map { "\($0)".contains(text) } ?? false }

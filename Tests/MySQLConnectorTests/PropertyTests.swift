import Foundation
import MySQLConnector
import MySQLTestServer
import Testing

/// Random values of every type, written by the library and read by the `mysql` client, and the other way round.
@Suite("Round trips with the mysql client", .serialized)
struct PropertyTests {
    private static let rowsPerType = 40

    /// A type of column, values for it, and how the `mysql` client writes and shows them.
    struct Kind: Sendable, CustomTestStringConvertible {
        var type: String
        var value: @Sendable (inout SplitMix) -> MySQLValue
        /// The column `v` in a form that the client's output cannot damage.
        var shown = "v"
        var testDescription: String { type }
    }

    static let kinds: [Kind] = integers + fractions + times + texts

    private static let integers: [Kind] =
        whole("TINYINT", 8) + whole("SMALLINT", 16) + whole("MEDIUMINT", 24)
        + whole("INT", 32) + whole("BIGINT", 64) + others

    private static func whole(_ type: String, _ bits: Int) -> [Kind] {
        let signed = Kind(type: type) { random in .int(Int64(bitPattern: extreme(&random)) >> Int64(64 - bits)) }
        let unsigned = Kind(type: type + " UNSIGNED") { random in .uint(extreme(&random) >> UInt64(64 - bits)) }
        return [signed, unsigned]
    }

    private static let others: [Kind] = [
        Kind(type: "YEAR") { random in .int(Int64.random(in: 1901...2155, using: &random)) },
        Kind(type: "BIT(1)", value: { random in .uint(UInt64.random(in: 0...1, using: &random)) }, shown: "v + 0"),
        Kind(type: "BIT(37)", value: { random in .uint(extreme(&random) >> 27) }, shown: "v + 0"),
        Kind(type: "BIT(64)", value: { random in .uint(extreme(&random)) }, shown: "v + 0"),
    ]

    private static let fractions: [Kind] = [
        Kind(
            type: "FLOAT", value: { random in .float(Float(bitPattern: finite32(&random))) }, shown: "CAST(v AS DOUBLE)"
        ),
        Kind(type: "DOUBLE") { random in .double(Double(bitPattern: finite64(&random))) },
        Kind(type: "DECIMAL(65,30)") { random in decimal(&random, whole: 35, fraction: 30) },
        Kind(type: "DECIMAL(65,0)") { random in decimal(&random, whole: 65, fraction: 0) },
        Kind(type: "DECIMAL(10,2)") { random in decimal(&random, whole: 8, fraction: 2) },
    ]

    private static let times: [Kind] = [
        Kind(type: "DATE") { random in .date(date(&random)) },
        Kind(type: "DATETIME(6)") { random in .dateTime(dateTime(&random, years: 0...9999)) },
        Kind(type: "TIMESTAMP(6)") { random in .dateTime(dateTime(&random, years: 1971...2037)) },
        Kind(type: "TIME(6)") { random in .time(time(&random)) },
    ]

    private static let texts: [Kind] = [
        Kind(type: "VARCHAR(100)", value: { random in .text(text(&random, 100)) }, shown: "HEX(v)"),
        Kind(type: "TEXT", value: { random in .text(text(&random, 600)) }, shown: "HEX(v)"),
        Kind(type: "VARBINARY(100)", value: { random in .bytes(bytes(&random, 100)) }, shown: "HEX(v)"),
        Kind(type: "LONGBLOB", value: { random in .bytes(bytes(&random, 3000)) }, shown: "HEX(v)"),
        Kind(
            type: "ENUM('a','b','ü','''q')",
            value: { random in .text(["a", "b", "ü", "'q"].randomElement(using: &random) ?? "a") }, shown: "HEX(v)"),
        Kind(
            type: "SET('a','b','ü')",
            value: { random in .text(["", "a", "b", "a,b", "a,ü", "a,b,ü"].randomElement(using: &random) ?? "") },
            shown: "HEX(v)"),
        Kind(type: "VECTOR(3)", value: { random in vector(&random) }, shown: "HEX(v)"),
        Kind(type: "GEOMETRY", value: { random in point(&random) }, shown: "HEX(v)"),
    ]

    @Test("what the library writes the client shows, and the library reads back", arguments: kinds)
    func written(kind: Kind) async throws {
        try await withTable(kind) { client, table, values async throws in
            for (id, value) in values.enumerated() {
                _ = try await client.query("INSERT INTO \(unescaped: table) VALUES (\(id), \(value))")
            }
            let server = try await SharedServer.server
            let lines = try server.sql(
                "SET time_zone = '+00:00'; SELECT COALESCE(\(kind.shown), 'NULL') FROM app.\(table) ORDER BY id")
            let shown = lines.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
            #expect(shown.count == values.count)
            for (line, value) in zip(shown, values) {
                #expect(Self.isShown(value, as: line), "\(kind.type): \(value) is shown as \(line)")
            }
            try await expectRead(values, from: table, by: client)
        }
    }

    @Test("what the client writes the library reads, over both protocols and as a stream", arguments: kinds)
    func read(kind: Kind) async throws {
        try await withTable(kind) { client, table, values async throws in
            let server = try await SharedServer.server
            var rest = values.enumerated().map { "(\($0), \(Self.literal($1)))" }[...]
            while !rest.isEmpty {
                // An argument of a program has at most 128 KB.
                try server.sql(
                    "SET time_zone = '+00:00'; INSERT INTO app.\(table) VALUES \(rest.prefix(10).joined(separator: ","))"
                )
                rest = rest.dropFirst(10)
            }
            try await expectRead(values, from: table, by: client)
        }
    }

    private func withTable(
        _ kind: Kind, _ body: (MySQLClient, String, [MySQLValue]) async throws -> Void
    ) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(state: seed)
        let values = [.null] + (0..<Self.rowsPerType).map { _ in kind.value(&random) }
        let table = "property_\(seed)"
        try await withClient(try await SharedServer.configuration, MySQLPoolOptions(maximumConnections: 1)) {
            client async throws in
            _ = try await client.execute(
                "CREATE TABLE \(table) (id INT PRIMARY KEY, v \(kind.type)) COLLATE utf8mb4_bin")
            try await body(client, table, values)
            _ = try await client.execute("DROP TABLE \(table)")
        }
    }

    private func expectRead(_ values: [MySQLValue], from table: String, by client: MySQLClient) async throws {
        let select = MySQLQuery(unescaped: "SELECT v FROM \(table) ORDER BY id")
        #expect(try await client.query(select).map { $0[0] } == values)
        // As text, the server shows six digits of a FLOAT.
        if !values.contains(where: { if case .float = $0 { true } else { false } }) {
            #expect(try await client.execute(select.sql).map { $0[0] } == values)
        }
        var streamed: [MySQLValue] = []
        for try await row in client.stream(select) { streamed.append(row[0]) }
        #expect(streamed == values)
    }
}

// MARK: - What the client shows and takes

extension PropertyTests {
    private static func isShown(_ value: MySQLValue, as line: String) -> Bool {
        switch value {
        case .null: line == "NULL"
        case .int(let number): line == "\(number)"
        case .uint(let number): line == "\(number)"
        case .float(let number): Float(line) == number
        case .double(let number): Double(line) == number
        case .decimal(let number): line == number.description
        case .text(let text): line == hex(Array(text.utf8))
        case .bytes(let bytes): line == hex(bytes)
        case .date(let date): line == date.description
        case .dateTime(let value): line == withFraction(value.description)
        case .time(let time): line == withFraction(time.description)
        }
    }

    private static func literal(_ value: MySQLValue) -> String {
        switch value {
        case .null: "NULL"
        case .int(let number): "\(number)"
        case .uint(let number): "\(number)"
        // Without the exponent of a DOUBLE it would be read as DECIMAL, which is shorter.
        case .float(let number): String(format: "%.17e", Double(number))
        case .double(let number): String(format: "%.17e", number)
        case .decimal(let number): number.description
        case .text(let text): text.isEmpty ? "''" : "CONVERT(x'\(hex(Array(text.utf8)))' USING utf8mb4)"
        case .bytes(let bytes): bytes.isEmpty ? "''" : "x'\(hex(bytes))'"
        case .date(let date): "'\(date)'"
        case .dateTime(let value): "'\(value)'"
        case .time(let time): "'\(time)'"
        }
    }

    private static func withFraction(_ text: String) -> String { text.contains(".") ? text : text + ".000000" }

    private static func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02X", $0) }.joined() }
}

// MARK: - Chance

/// Often at the ends of the range.
private func extreme(_ random: inout SplitMix) -> UInt64 {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: 0
    case 1: .max
    case 2: 1 << 63
    case 3: (1 << 63) - 1
    default: random.next()
    }
}

/// Neither infinite nor NaN, which MySQL does not have, nor so small that its text loses it.
private func finite32(_ random: inout SplitMix) -> UInt32 {
    let pattern = UInt32(truncatingIfNeeded: random.next())
    let value = Float(bitPattern: pattern)
    return value.isNormal && abs(value) < 1e38 ? pattern : Float(0.1).bitPattern
}

private func finite64(_ random: inout SplitMix) -> UInt64 {
    let value = Double(bitPattern: random.next())
    return value.isNormal && abs(value) < 1e300 && abs(value) > 1e-300 ? value.bitPattern : Double(0.1).bitPattern
}

private func decimal(_ random: inout SplitMix, whole: Int, fraction: Int) -> MySQLValue {
    func digits(_ count: Int) -> String { (0..<count).map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined() }
    let left = "\(Int.random(in: 1...9, using: &random))" + digits(Int.random(in: 0..<whole, using: &random))
    let right = fraction > 0 ? "." + digits(fraction) : ""
    let sign = Bool.random(using: &random) ? "-" : ""
    return MySQLDecimal(sign + left + right).map(MySQLValue.decimal) ?? .null
}

private func date(_ random: inout SplitMix, years: ClosedRange<UInt16> = 0...9999) -> MySQLDate {
    MySQLDate(
        year: .random(in: years, using: &random), month: .random(in: 1...12, using: &random),
        day: .random(in: 1...28, using: &random))
}

private func dateTime(_ random: inout SplitMix, years: ClosedRange<UInt16>) -> MySQLDateTime {
    MySQLDateTime(
        date: date(&random, years: years), hour: .random(in: 0...23, using: &random),
        minute: .random(in: 0...59, using: &random), second: .random(in: 0...59, using: &random),
        microsecond: Bool.random(using: &random) ? 0 : .random(in: 0...999_999, using: &random))
}

private func time(_ random: inout SplitMix) -> MySQLTime {
    let isZero = Int.random(in: 0..<10, using: &random) == 0
    guard !isZero else { return MySQLTime(hours: 0, minutes: 0, seconds: 0) }
    return MySQLTime(
        isNegative: .random(using: &random), hours: .random(in: 0...837, using: &random),
        minutes: .random(in: 0...59, using: &random), seconds: .random(in: 1...59, using: &random),
        microseconds: Bool.random(using: &random) ? 0 : .random(in: 0...999_999, using: &random))
}

private func text(_ random: inout SplitMix, _ limit: Int) -> String {
    let alphabet: [Character] = ["a", "é", "ß", "漢", "🐬", "'", "\"", "\\", "\n", "\t", "\u{0}", "%", " ", "\u{1A}"]
    var scalars = ""
    for _ in 0..<Int.random(in: 0...limit, using: &random) {
        scalars.append(alphabet.randomElement(using: &random) ?? "a")
    }
    return scalars
}

private func bytes(_ random: inout SplitMix, _ limit: Int) -> [UInt8] {
    (0..<Int.random(in: 0...limit, using: &random)).map { _ in .random(in: 0...255, using: &random) }
}

private func vector(_ random: inout SplitMix) -> MySQLValue {
    .bytes(
        (0..<3).flatMap { _ in
            withUnsafeBytes(of: Float.random(in: -1...1, using: &random).bitPattern.littleEndian, Array.init)
        })
}

/// A reference system, the order of the bytes, the type, and two numbers.
private func point(_ random: inout SplitMix) -> MySQLValue {
    let coordinates = (0..<2).flatMap { _ in
        withUnsafeBytes(of: Double.random(in: -90...90, using: &random).bitPattern.littleEndian, Array.init)
    }
    return .bytes([0, 0, 0, 0, 1, 1, 0, 0, 0] + coordinates)
}

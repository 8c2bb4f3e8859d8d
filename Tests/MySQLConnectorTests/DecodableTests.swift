import Foundation
import MySQLConnector
import Testing

@Suite("Decoding into types")
struct DecodableTests {
    private struct Article: Decodable, Equatable {
        struct Meta: Decodable, Equatable { var tags: [String] }
        enum Status: String, Decodable { case draft, published }

        var id: Int
        var title: String
        var subtitle: String?
        var createdAt: Date
        var status: Status
        var meta: Meta
        var price: Decimal
        var image: Data
        var isOpen: Bool
    }

    private static let article: MySQLQuery = """
        SELECT 7 AS id, 'Ünï' AS title, NULL AS subtitle, TIMESTAMP '2026-01-02 03:04:05.5' AS created_at, \
        'published' AS status, CAST('{"tags": ["a", "b"]}' AS JSON) AS meta, 12.50 AS price, x'00ff' AS image, \
        TRUE AS isOpen, 'more' AS passedOver
        """

    @Test("a row fills a structure by its columns' names, JSON and enumerations too")
    func structure() async throws {
        try await withConnection { connection async throws in
            let row = try #require(try await connection.query(Self.article).first)
            let article = try row.decode(Article.self)
            #expect(article.id == 7 && article.title == "Ünï" && article.subtitle == nil && article.isOpen)
            #expect(article.createdAt == Date(timeIntervalSince1970: 1_767_323_045.5))
            #expect(article.status == .published && article.meta.tags == ["a", "b"])
            #expect(article.price == Decimal(string: "12.5") && article.image == Data([0, 255]))
        }
    }

    private struct Wrong: Decodable { var title: Int }
    private struct Missing: Decodable { var author: String }
    private struct Null: Decodable { var subtitle: String }
    private struct BadJSON: Decodable {
        struct Meta: Decodable { var tags: [Int] }
        var meta: Meta
    }

    @Test("what does not fit is an error with the column's name, both types and no value")
    func mismatches() async throws {
        try await withConnection { connection async throws in
            let row = try #require(try await connection.query(Self.article).first)
            let wrong = #expect(throws: MySQLError.self) { try row.decode(Wrong.self) }
            #expect(says(wrong, "“title” is VARCHAR and cannot be read as Int") && !says(wrong, "Ünï"))
            let missing = #expect(throws: MySQLError.self) { try row.decode(Missing.self) }
            #expect(says(missing, "no column “author”") && says(missing, "DecodableTests.swift"))
            let null = #expect(throws: MySQLError.self) { try row.decode(Null.self) }
            #expect(says(null, "“subtitle” is NULL") && says(null, "String"))
            let json = #expect(throws: MySQLError.self) { try row.decode(BadJSON.self) }
            #expect(says(json, "“meta”") && says(json, "tags"))
        }
    }

    private enum Level: Int, MySQLCodable { case low = 1, high = 9 }

    @Test("an enumeration is bound and read as its raw value")
    func enumerations() async throws {
        try await withConnection { connection async throws in
            let row = try #require(try await connection.query("SELECT \(Level.high), 5").first)
            let (level, _) = try row.decode((Level, Int).self)
            #expect(level == .high)
            #expect(throws: MySQLError.self) { try row.decode((Int, Level).self) }
        }
    }

    @Test("a Decimal is exact or refused; MySQLDecimal holds all 65 digits")
    func decimals() async throws {
        try await withConnection { connection async throws in
            let digits = String(repeating: "7", count: 65)
            let row = try #require(
                try await connection.query(
                    "SELECT CAST(\(digits) AS DECIMAL(65)) AS large, CAST(0.1 AS DECIMAL(30, 20)) AS small"
                ).first)
            #expect(try row.decode("large", as: MySQLDecimal.self).description == digits)
            #expect(throws: MySQLError.self) { try row.decode("large", as: Decimal.self) }
            #expect(try row.decode("small", as: Decimal.self) == Decimal(string: "0.1"))
            let bound = try await connection.query("SELECT \(Decimal(string: "-123.450") ?? 0)")
            #expect(try bound[0].decode((Decimal).self) == Decimal(string: "-123.45"))
        }
    }

    @Test("all results of a procedure can be had, over both protocols, and what a statement warns of")
    func resultsAndWarnings() async throws {
        try await withConnection { connection async throws in
            _ = try await connection.execute("DROP PROCEDURE IF EXISTS two_results")
            _ = try await connection.execute(
                "CREATE PROCEDURE two_results () BEGIN SELECT 1 AS a; SELECT 2 AS b, 3 AS c; END")
            for results in [
                try await connection.queryAll("CALL two_results()"),
                try await connection.executeAll("CALL two_results()"),
            ] {
                #expect(results.map(\.columns.count) == [1, 2, 0])
                #expect(results[1][0]["c"] == .int(3))
            }
            let result = try await connection.query("SELECT CAST('12x' AS SIGNED)")
            #expect(result.warnings == 1)
            let warnings = try await connection.warnings()
            #expect(warnings.map(\.number) == [1292] && warnings.first?.level == "Warning")
        }
    }
}

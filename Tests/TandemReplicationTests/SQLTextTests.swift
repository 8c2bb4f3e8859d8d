import MySQLConnector
import MySQLTestServer
import Testing

@testable import TandemReplication

@Suite("Text that is pasted into a statement")
struct SQLTextTests {
    /// Always the same texts, made of what is most likely to break out.
    private static func texts(_ pieces: [String], count: Int) -> [String] {
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        return (0..<count).map { _ in (0...next(12)).map { _ in pieces[next(pieces.count)] }.joined() }
    }

    /// A quote with a combining mark, a joiner or a variation selector is one character to Swift and a quote to MySQL.
    private static let pieces = [
        "'", "\\", "`", "\"", "%", "_", ";", "--", "a", "'\u{301}", "\\\u{301}", "'\u{200D}", "`\u{FE0F}", "\n", "\r\n",
        "ü", "。",
        "*/", "''",
    ]

    @Test("comes back from the server as it was")
    func literals() async throws {
        let special = ["\u{0}", "\u{1A}", "😀", "'😀"]
        let texts = Self.texts(Self.pieces + special, count: 400) + ["", "'", "\\", "\\'", "'\u{301}"]
        try await SharedServer.server.with { connection in
            for text in texts {
                let rows = try await connection.execute("SELECT \(SQLText.literal(text)) AS v")
                let value = try #require(rows.first).decode("v", as: String.self)
                #expect(Array(value.unicodeScalars) == Array(text.unicodeScalars))
            }
        }
    }

    @Test("comes back as a name, too")
    func identifiers() async throws {
        // MySQL takes no NUL, nothing beyond the Basic Multilingual Plane and no blank at either end of a name.
        let texts = Self.texts(Self.pieces, count: 200).map { "x\($0)x" }
        try await SharedServer.server.with { connection in
            for text in texts where text.unicodeScalars.count < 60 {
                let rows = try await connection.execute("SELECT 1 AS \(SQLText.identifier(text))")
                let name = try #require(rows.first?.columns.first).name
                #expect(Array(name.unicodeScalars) == Array(text.unicodeScalars))
            }
        }
    }

    @Test("means one database in a GRANT, not all that resemble it")
    func patterns() {
        #expect(SQLText.pattern("my_app") == #"`my\_app`"#)
        #expect(SQLText.pattern("100%") == #"`100\%`"#)
        #expect(SQLText.pattern("a`b") == "`a``b`")
    }
}

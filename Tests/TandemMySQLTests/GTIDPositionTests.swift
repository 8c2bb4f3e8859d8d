import Testing

@testable import TandemMySQL

private let a = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
private let b = "7c44e2a1-71ca-11e1-9e33-c80aa9429563"

@Suite("A position in the servers' histories")
struct GTIDPositionTests {
    @Test(
        "is read from a GTID and from sets of them",
        arguments: [
            ("\(a):8", "\(a):8"), ("\(a):1-8", "\(a):8"), ("\(a):1-8:11-12", "\(a):12"),
            ("\(a.uppercased()):8", "\(a):8"), ("\(a):1-3, \(b):1-5", "\(a):3,\(b):5"),
            ("\(a):1-3:tag:1-7", "\(a):3,\(a):tag:7"),
        ])
    func parsing(text: String, expected: String) throws {
        #expect(try #require(GTIDPosition(text)).description == expected)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            "", "x", "\(a)", "\(a):", "\(a):0", "\(a):1-", "\(a):1-2-3", "\(a):1,", "\(a):-1", "'; DROP TABLE t:1",
            "\(a):1;",
        ]
    )
    func refusing(text: String) { #expect(GTIDPosition(text) == nil) }

    @Test("keeps the highest of each source, and names what another lacks")
    func merging() throws {
        var mine = try #require(GTIDPosition("\(a):8"))
        mine.merge(try #require(GTIDPosition("\(a):5,\(b):2")))
        #expect(mine[a] == 8 && mine[b] == 2)
        #expect(mine.missing(in: try #require(GTIDPosition("\(a):1-9"))).description == "\(b):2")
        #expect(mine.missing(in: mine).isEmpty)
    }

    @Test("forgets the oldest of too many sources")
    func bound() {
        var position = GTIDPosition()
        for number in 0..<20 { position.advance("source\(number)", to: 1) }
        #expect(position.entries.count == GTIDPosition.mostEntries && position["source19"] == 1)
    }

    @Test("travels as a token's text")
    func token() throws {
        let token = MySQLSessionToken(epoch: 3, position: try #require(GTIDPosition("\(a):23,\(b):1")))
        #expect(token.description == "3;\(a):23,\(b):1")
        #expect(MySQLSessionToken(token.description) == token)
        for wrong in ["", ";", "3;", "-1;\(a):1", "3", "3;\(a):1" + String(repeating: ",\(a):1", count: 60)] {
            #expect(MySQLSessionToken(wrong) == nil, "\(wrong)")
        }
    }
}

import Testing

@testable import TandemStack

@Suite("A stable hash")
struct StableHashTests {
    /// The authors' own test vectors.
    @Test(
        "is the same on every machine and in every run",
        arguments: [
            ("", "811c9dc5", "cbf29ce484222325"), ("a", "e40c292c", "af63dc4c8601ec8c"),
            ("foobar", "bf9cf968", "85944171f73967e8"),
        ])
    func known(_ text: String, _ hex32: String, _ hex64: String) {
        #expect(StableHash.hex32(text) == hex32)
        #expect(StableHash.hex64(text) == hex64)
    }

    @Test("always has eight or sixteen digits")
    func width() {
        for number in 0..<2000 {
            #expect(StableHash.hex32("\(number)").count == 8)
            #expect(StableHash.hex64("\(number)").count == 16)
        }
    }
}

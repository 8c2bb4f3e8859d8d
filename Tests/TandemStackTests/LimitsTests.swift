import Testing

@testable import TandemStack

@Suite("Bounds")
struct LimitsTests {
    @Test("A file of a megabyte is read, a larger one is not")
    func size() throws {
        let comment = "# " + String(repeating: "x", count: StackFile.sizeLimitBytes - smallest.utf8.count - 3) + "\n"
        #expect(try load(smallest + comment) == load(smallest))
        #expect(
            errors(smallest + comment + "\n")
                == "tandem.yaml:1:1: error: the file is 1048577 bytes long; expected at most 1048576")
    }

    @Test("Aliases never expand, not even as keys", .timeLimit(.minutes(1)))
    func bomb() {
        var text = smallest + "a0: &a0 [x, x]\n"
        for level in 1..<60 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(
            errors(text).contains("tandem.yaml:5:5: error: anchors are not allowed (found '&a1'); write the value out"))
        #expect(!errors(text + "? *a59\n: 1\n? *a59\n: 2\n").isEmpty)
    }

    @Test(
        "Deep nesting is refused with a place",
        arguments: [
            ("[", 9, ""), ("[", 900, ""), ("{a: ", 900, ""), ("[", 200_000, ""), ("{", 200_000, ""), ("- ", 900, "x"),
            ("- ", 50_000, "x"),
            ("? ", 900, "x"),
        ])
    func nesting(token: String, count: Int, end: String) {
        let close = token.hasPrefix("[") ? "]" : token.hasPrefix("{") ? "}" : ""
        let text =
            smallest + "web:\n  " + String(repeating: token, count: count) + end
            + String(repeating: close, count: count)
        #expect(errors(text).contains("nested too deeply; expected at most 8 levels"))
    }

    @Test("Of a thousand problems the first two hundred are shown")
    func problems() {
        let lines = errors(smallest + (0..<1000).map { "key\($0): 1\n" }.joined()).split(separator: "\n")
        #expect(lines.count == 201)
        #expect(lines.last == "tandem.yaml:203:1: error: 800 more problems are not shown")
    }

    @Test("Keys that are there twice are all told, until there are too many")
    func duplicates() {
        let few = errors(smallest + (0..<15).map { "  k\($0): 1\n  k\($0): 2\n" }.joined())
        #expect(few.split(separator: "\n").filter { $0.contains("is here twice") }.count == 15)
        let many = errors(smallest + (0..<100).map { "  k\($0): 1\n  k\($0): 2\n" }.joined()).split(separator: "\n")
        #expect(many.count == TreeReader.duplicateLimit + 1)
        #expect(many.allSatisfy { $0.hasSuffix("this key is in its map again further down; expected each key once") })
    }

    @Test("A byte order mark and Windows' line breaks are no problem")
    func windows() throws {
        let text = "\u{FEFF}" + smallest.replacing("\n", with: "\r\n")
        #expect(try load(text) == load(smallest))
        #expect(errors(text + "x: 1\r\n").hasPrefix("tandem.yaml:4:1: error: unknown key 'x'"))
    }

    @Test(
        "Characters that nobody sees are refused in their place",
        arguments: [
            ("\0", "0000"), ("\u{7}", "0007"), ("\u{1B}", "001B"), ("\u{7F}", "007F"), ("\u{85}", "0085"),
            ("\u{2028}", "2028"),
            ("\u{FEFF}", "FEFF"), ("\u{FFFF}", "FFFF"),
        ])
    func invisible(character: String, code: String) {
        #expect(
            errors("stack: shop\napp: {run: a\(character)b}\n")
                == "tandem.yaml:2:13: error: the character U+\(code) cannot be shown and is not allowed; expected text in UTF-8"
        )
    }

    @Test("Errors are values that other programs can read")
    func diagnostics() throws {
        let error = #expect(throws: StackFileErrors.self) { try load("stack: shop\napp:\n  run: x\n  helth: /up\n") }
        #expect(
            error?.diagnostics == [
                Diagnostic(
                    file: "tandem.yaml", line: 4, column: 3,
                    message: "unknown key 'helth' in app; did you mean 'health'?")
            ])
    }
}

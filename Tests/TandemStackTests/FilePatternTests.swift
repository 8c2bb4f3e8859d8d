import Foundation
import TandemStack
import Testing

@Suite("What makes up a version of the app")
struct FilePatternTests {
    @Test(
        "is named by paths with * and ? within a name, and ** for any folders",
        arguments: [
            ("shop", ["shop", "shop/a", "shop/a/b"], ["shops", "a/shop", "sho"]),
            ("./dist/", ["dist/x"], ["x/dist/x"]),
            (".", ["a", "a/b", ".env"], []),
            ("*.css", ["a.css", ".css", "a.css/b"], ["a.csss", "s/a.css"]),
            (
                "static/*/x?.js", ["static/a/x1.js", "static/a/x1.js/y", "static/a/xé.js"],
                ["static/x1.js", "static/a/x12.js", "static/a/b/x1.js"]
            ),
            ("static/**/*.css", ["static/a.css", "static/a/b/c.css"], ["a.css", "static/a.js"]),
            ("**/.env", [".env", "a/b/.env"], ["env", "a/.envs"]),
            ("**", ["a", "a/b", ".env"], []),
            ("**/**/**/**/**/a", ["a", "b/a"], ["b"]),
            ("a*b*c", ["abc", "aXbXbc", "abbc/d"], ["abcd", "ac"]),
            ("pages/[id].js", ["pages/[id].js"], ["pages/i.js"]),
        ])
    func matches(_ text: String, _ hits: [String], _ misses: [String]) throws {
        let pattern = try FilePattern(parsing: text)
        #expect(FilePattern.select([pattern], from: misses + hits).taken == hits)
    }

    @Test(
        "of the patterns that name a file the last one decides; one that takes nothing is told, one that leaves nothing out is not"
    )
    func selects() throws {
        func select(_ patterns: String...) throws -> ([String], [String]) {
            let selection = try FilePattern.select(
                patterns.map { try FilePattern(parsing: $0) },
                from: ["app.py", "static/a.css", "static/a.css.map", "static/keep.map", "test/a.py"])
            return (selection.taken, selection.idle.map(\.text))
        }
        let taken = ["app.py", "static/a.css", "static/keep.map"]
        #expect(try select(".", "!test", "!**/*.map", "static/keep.map") == (taken, []))
        #expect(try select("app.py", "dist", "!build", "*.rb") == (["app.py"], ["dist", "*.rb"]))
        // It named something, which another one left out.
        #expect(try select("test", "!test") == ([], []))
    }

    @Test(
        "stays in the folder, and says what is wrong",
        arguments: [
            ("", "it names nothing"), ("!", "it names nothing"), ("/etc", "it begins with '/'"),
            ("!/etc", "it begins with '/'"), ("..", "it leads out"), ("../x", "it leads out"),
            ("a/../../b", "it leads out"), ("a\nb", "it holds a control character"),
            ("**/a/**/b/**/c/**/d", "it has ** more than 3 times"),
            (String(repeating: "a", count: 1001), "more than 1000 bytes"),
        ])
    func refuses(_ text: String, _ words: String) {
        let problem = #expect(throws: FilePattern.Problem.self) { try FilePattern(parsing: text) }
        #expect(problem?.description.contains(words) == true)
    }

    @Test("takes a moment for the worst pattern and the worst name")
    func isBounded() throws {
        let pattern = try FilePattern(parsing: "**/*a*a*a*a*a*b/**/*a*a*a*a*b/**/x")
        let path = Array(repeating: String(repeating: "a", count: 60), count: 30).joined(separator: "/")
        #expect(FilePattern.select([pattern], from: [path]).taken.isEmpty)
    }

    @Test("is a list in the stack file, beside the command that builds it")
    func loads() throws {
        let stack = try load(
            "stack: shop\napp:\n  run: x\n  build: make\n  files: [shop, \"static/**\"]\n  timeouts: {build: 20m}\n")
        #expect(stack.app.files?.map(\.text) == ["shop", "static/**"])
        #expect(stack.app.build == "make" && stack.app.buildTimeoutSeconds == 1200)
        let plain = try load(smallest).app
        #expect(plain.files == nil && plain.build == nil && plain.buildTimeoutSeconds == 3600)
        let again = try JSONDecoder().decode(App.self, from: JSONEncoder().encode(stack.app))
        #expect(again == stack.app)
    }

    @Test("is told in its place where it is wrong")
    func errorsAreTold() {
        let expected =
            #"app.files: expected a path below the stack file's folder, such as dist or "static/**/*.css", found"#
        #expect(
            errors("stack: shop\napp:\n  run: x\n  files: [a, ../b, [c], no, 404, \"\", ~]\n  build: [make]\n") == """
                tandem.yaml:4:14: error: \(expected) '../b': it leads out of the folder
                tandem.yaml:4:20: error: \(expected) a list
                tandem.yaml:4:25: error: \(expected) the boolean 'no'; if it is meant as text, put quotes around it
                tandem.yaml:4:29: error: \(expected) the number '404'; if it is meant as text, put quotes around it
                tandem.yaml:4:34: error: \(expected) '': it names nothing
                tandem.yaml:4:38: error: \(expected) nothing
                tandem.yaml:5:10: error: app.build: expected a command line, found a list
                """)
        for (value, found) in [("shop", "'shop'"), ("[]", "an empty list")] {
            #expect(
                errors("stack: shop\napp: {run: x, files: \(value)}\n")
                    == #"tandem.yaml:2:22: error: app.files: expected a list of paths below the stack file's folder, such as "#
                    + "[dist, \"static/**/*.css\"], found \(found)")
        }
        #expect(
            errors("stack: shop\napp:\n  run: x\n  files:\n    - \"!test\"\n    - a\n")
                == "tandem.yaml:5:7: error: app.files: '!test' comes first, where there is nothing yet to leave out of; for all "
                + "but that, write \".\" before it")
        // What YAML makes of such words without quotes.
        #expect(
            errors("stack: shop\napp:\n  run: x\n  files:\n    - .\n    - !test\n    - *.css\n")
                .split(separator: "\n").map { $0.prefix(50) }.count == 2)
    }

    @Test("folders in which nothing can be named are not looked into")
    func folders() throws {
        func mayName(_ pattern: String, _ folder: String) throws -> Bool {
            try FilePattern(parsing: pattern).mayName(below: folder)
        }
        #expect(try mayName("shop", "shop") && mayName("shop", "shop/sub") && mayName(".", "any/where"))
        #expect(try mayName("static/*/app.css", "static") && mayName("static/*/app.css", "static/v2"))
        #expect(try mayName("**/*.css", "a/b/c") && mayName("lib/**/x", "lib/a/b"))
        #expect(try !mayName("shop", "data") && !mayName("static/*.css", "stat") && !mayName("lib/**/x", "data"))
        #expect(try !mayName("!data", "data"), "what leaves out names nothing")
    }
}

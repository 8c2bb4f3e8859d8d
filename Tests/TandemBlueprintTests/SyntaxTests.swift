import TandemStack
import Testing

@testable import TandemBlueprint

@Suite struct SyntaxTests {
    @Test func `no value can begin a line of its own`() {
        for value in ["a\nmaxconn 1", "a\rb", "a\u{0}b", "a\u{85}b", "tab\there"] {
            #expect(throws: BlueprintError.self) { try HAProxySyntax.word(value) }
            #expect(throws: BlueprintError.self) { try NginxSyntax.literal(value) }
            #expect(throws: BlueprintError.self) { try NginxSyntax.expanded(value) }
            #expect(throws: BlueprintError.self) { try OptionFileSyntax.value(value) }
        }
    }

    @Test func `names that are no names are refused before anything is written`() throws {
        let sample = Sample.smallest
        func blueprint(_ change: (inout Stack) -> Void) throws -> HostBlueprint {
            var stack = sample.stack
            change(&stack)
            return try HostBlueprint(stack: stack, host: stack.hosts[0], layout: sample.layout(stack.hosts[0]))
        }
        #expect(throws: BlueprintError.notAName(value: "a b", use: "the stack's domain")) {
            try blueprint { $0.domain = "a b" }
        }
        #expect(throws: BlueprintError.notAName(value: "x;y", use: "the stack's name")) {
            try blueprint { $0.name = "x;y" }
        }
        #expect(throws: BlueprintError.notAName(value: "", use: "a host's address")) {
            try blueprint { $0.hosts[0].address = "" }
        }
        #expect(throws: BlueprintError.notASetting("a = 1\nb")) {
            try blueprint { $0.database.settings = ["a = 1\nb": "2"] }
        }
        #expect(throws: BlueprintError.self) {
            try blueprint { $0.database.settings = ["a": "1\nsuper_read_only = OFF"] }
        }
        #expect(throws: BlueprintError.self) { try blueprint { $0.web.staticFolder = "/a\n}" } }
    }

    @Test func `each format quotes its own special characters`() throws {
        #expect(try HAProxySyntax.word(#"a b'c$d"e\f"#) == #"'a b'\''c$d"e\f'"#)
        #expect(try NginxSyntax.literal(#"a "b" \ $c;{}"#) == #""a \"b\" \\ $c;{}""#)
        #expect(try NginxSyntax.expanded("/a $b") == #""/a ${tandem_dollar}b""#)
        #expect(try NginxSyntax.included("/a[1]*?") == #""/a[[]1][*][?]""#)
        #expect(try OptionFileSyntax.key("validate_password.policy") == "validate_password.policy")
        #expect(try OptionFileSyntax.value(#"a # b\c"#) == #""a # b\\c""#)
        #expect(try OptionFileSyntax.value(#"say "hi""#) == #"'say "hi"'"#)
        #expect(throws: BlueprintError.bothQuotationMarks(value: #"'""#)) { try OptionFileSyntax.value(#"'""#) }
    }

    @Test func `what the protocol owns comes after the user's settings`() throws {
        var stack = Sample.smallest.stack
        stack.database.settings = ["super_read_only": "OFF"]
        let host = stack.hosts[0]
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: Sample.smallest.layout(host))
        let file = try #require(blueprint.files.first { $0.path.hasSuffix("/my.cnf") })
        let settings = file.contents.split(separator: "\n").filter { $0.hasPrefix("super_read_only") }
        #expect(settings == [#"super_read_only = "OFF""#, "super_read_only = ON"])
    }
}

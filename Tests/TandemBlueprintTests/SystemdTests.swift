import TandemStack
import Testing

@testable import TandemBlueprint

@Suite struct SystemdTests {
    @Test(arguments: [
        (["/bin/a", "-x", "a=b"], "/bin/a -x a=b"),
        (["/bin/sh", "-c", "exec \"./a b\" 100% $X\n\\"], #"/bin/sh -c "exec \"./a b\" 100%% $$X\n\\""#),
        (["/bin/a", "", ";"], #"/bin/a "" ";""#),
        (["/bin/a", "ünï"], #"/bin/a "ünï""#),
    ])
    func `a command line keeps its words`(words: [String], text: String) throws {
        #expect(try SystemdSyntax.command(words) == text)
    }

    @Test func `control characters are refused`() {
        #expect(throws: BlueprintError.self) { try SystemdSyntax.word("a\u{7}b") }
        #expect(throws: BlueprintError.self) { try SystemdSyntax.path("/a\nExecStart=/bin/evil") }
    }

    @Test(arguments: [
        ("/var/lib/x", "/var/lib/x"), ("/a b/100%", #""/a b/100%%""#), (#"/a"b\c"#, #""/a\"b\\c""#),
    ])
    func `a path in a list stays one path`(path: String, text: String) throws {
        #expect(try SystemdSyntax.listed(path) == text)
    }

    @Test func `names stay within what Linux and the servers allow, however long the stack's and the host's are`() {
        let long = EjectedNames(stack: String(repeating: "s", count: 32))
        let host = Host(name: String(repeating: "h", count: 63), address: "10.0.0.1", roles: Role.allCases)
        #expect(long.engineUser.count == 32 && long.appUser.count == 32 && long.engineUser != long.appUser)
        #expect(long.hasShortSockets(host))
        #expect(!EjectedNames(stack: "a", root: "/" + String(repeating: "r", count: 60)).hasShortSockets(host))
    }
}

import Foundation
import Glibc
import Testing

/// The built program on stack files that are broken in every way.
@Suite("A broken stack file")
struct BrokenFileTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        /// Line and column of its first error.
        var place: String

        init(_ name: String, _ text: String, at place: String) {
            testDescription = name
            self.text = text
            self.place = place
        }
    }

    static let head = "stack: broken\napp:\n  run: sleep 1000\n"

    static let cases = [
        Case("wrong type", "\(head)balancer: 7\n", at: "4:11"),
        Case("unknown key", "\(head)  helth: /up\n", at: "4:3"),
        Case("host twice", "\(head)hosts:\n  a: {roles: [web]}\n  a: {roles: [app]}\n", at: "6:3"),
        Case(
            "address twice",
            "\(head)hosts:\n  a: {address: 127.9.9.1, roles: [balancer, web]}\n"
                + "  b: {address: 127.9.9.1, roles: [app, database]}\n", at: "6:16"),
        Case("misspelt role", "\(head)hosts:\n  a: {roles: [balancer, web, app, databse]}\n", at: "5:35"),
        Case("a port of Tandem's", "\(head)balancer: {https_port: 3306}\n", at: "4:24"),
        Case("secret that is not there", "\(head)  secrets: [TANDEMLESS_NOWHERE]\n", at: "4:3"),
        Case("not YAML", "stack: [broken\napp: }{\n", at: "2:4"),
        Case("empty", "", at: "1:1"),
        Case("megabytes of nonsense", String(repeating: "nonsense: {[ & * ", count: 200_000), at: "1:1"),
        Case("a megabyte of nonsense", String(repeating: "nonsense\n", count: 100_000), at: "1:1"),
        Case("deep nesting", String(repeating: "[", count: 500_000), at: "1:1"),
        Case(
            "YAML bomb",
            "\(head)a: &a [x,x]\n"
                + (0..<50).map { "b\($0): &b\($0) [\($0 == 0 ? "*a,*a" : "*b\($0 - 1),*b\($0 - 1)")]\n" }.joined(),
            at: "4:1"),
        Case("NUL", "stack: bro\0ken\n", at: "1:11"),
    ]

    @Test("exit 3, the place, and nothing started or written", arguments: cases)
    func refused(_ broken: Case) throws { try check(broken, arguments: [["check"], ["up", "--detach"]]) }

    /// Every string that reaches a generated file.
    @Test(
        "that smuggles a line or a directive into a string: exit 3, the place, nothing started",
        arguments: [
            ("stack: KEY\napp: {run: x}\n", "1:8"), ("\(head)domain: KEY\n", "4:9"),
            ("\(head)hosts:\n  KEY: {roles: [balancer, web, app, database]}\n", "5:3"),
            ("\(head)hosts:\n  a: {address: KEY, roles: [balancer, web, app, database]}\n", "5:16"),
            ("\(head)hosts:\n  a: {roles: [KEY]}\n", "5:15"), ("\(head)balancer: {algorithm: KEY}\n", "4:23"),
            ("\(head)balancer: {https_port: KEY}\n", "4:24"), ("\(head)web: {static: KEY}\n", "4:15"),
            ("\(head)web: {body_limit: KEY}\n", "4:19"), ("\(head)  health: KEY\n", "4:11"),
            ("\(head)  env: {KEY: x}\n", "4:9"), ("\(head)  secrets: [KEY]\n", "4:13"),
            ("\(head)database: {name: KEY}\n", "4:18"), ("\(head)database: {settings: {KEY: 1}}\n", "4:23"),
            ("\(head)database: {settings: {sql_mode: KEY}}\n", "4:23"), ("\(head)engines: {nginx: KEY}\n", "4:18"),
        ])
    func smuggling(_ template: String, _ place: String) throws {
        for payload in [#"a\nsmuggled on"#, #"a\rsmuggled on"#, #"a\0"#, #"a\x85smuggled"#, #"a\u2028smuggled"#] {
            let text = template.replacing("KEY", with: "\"\(payload)\"")
            try check(Case(payload, text, at: place), arguments: [["check"]])
        }
    }

    @Test("that fixes a port which another program has: exit 3, the place, who has it, nothing started")
    func takenPort() throws {
        let port = 27_443
        let holder = try Holder(port: port)
        defer { holder.close() }
        let text = "\(Self.head)balancer:\n  https_port: \(port)\n"
        let error = try check(Case("taken", text, at: "5:3"), arguments: [["up", "--detach"]])
        #expect(error.contains("127.0.0.1:\(port) is taken"), "\(error)")
    }

    /// - Returns: what the last run said.
    @discardableResult
    private func check(_ broken: Case, arguments: [[String]]) throws -> String {
        let folder = try TemporaryFolder()
        // Names are per machine for root, and this one must not meet a real stack.
        let name = "broken-\(UInt32.random(in: 0 ... .max))"
        try folder.put("tandem.yaml", broken.text.replacing("stack: broken\n", with: "stack: \(name)\n"))
        var said = ""
        for arguments in arguments {
            // What is only wrong on this machine is found when it is needed.
            if arguments == ["check"], broken.testDescription == "secret that is not there" { continue }
            let outcome = try Program.run(arguments, in: folder.path)
            #expect(outcome.status == 3, "\(arguments): \(outcome.error.prefix(2000))")
            #expect(outcome.output.isEmpty)
            #expect(
                outcome.error.contains("tandem.yaml:\(broken.place): error: "),
                "\(broken.testDescription), \(arguments): \(outcome.error.prefix(2000))")
            #expect(!FileManager.default.fileExists(atPath: "/var/lib/tandem/stacks/\(name)/keeper.json"))
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/.tandem/\(name)/keeper.json"))
            said = outcome.error
        }
        try? FileManager.default.removeItem(atPath: "/var/lib/tandem/stacks/\(name)")
        return said
    }
}

/// Something that listens on 127.0.0.1.
private struct Holder {
    let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        try #require(isBound && listen(descriptor, 1) == 0)
    }

    func close() { _ = Glibc.close(descriptor) }
}

import Foundation
import Testing

@testable import TandemStack

@Suite("Broken files of every kind")
struct MutationTests {
    @Test("Five thousand mutated files give a valid stack or errors with a place, and never a crash")
    func mutations() throws {
        let given = ProcessInfo.processInfo.environment["TANDEM_TEST_SEED"].flatMap(UInt64.init)
        let seed = given ?? UInt64.random(in: 0...UInt64.max)
        print("mutations: TANDEM_TEST_SEED=\(seed) replays this run")
        var mutator = Mutator(seed: seed)
        let originals = [smallest, try Reference.text(), Mutator.sample]
        var loaded = 0
        for round in 0..<5000 {
            let text = mutator.mutate(originals[round % originals.count])
            do throws(StackFileErrors) {
                let stack = try StackFile(text: text, name: "tandem.yaml", folder: "/srv/my shop").load()
                loaded += 1
                try check(stack, "seed \(seed), round \(round):\n\(text)")
            } catch {
                check(error, text, "seed \(seed), round \(round):\n\(text)")
            }
        }
        // Some mutations hit a comment or a value that may be anything; if none did, nothing valid was tested.
        #expect((100...4900).contains(loaded), "seed \(seed)")
    }

    private func check(_ stack: Stack, _ comment: Comment) throws(StackFileErrors) {
        let copy = try? JSONDecoder().decode(Stack.self, from: JSONEncoder().encode(stack))
        #expect(copy == stack, comment)
        #expect(Grammar.isLabel(stack.name, limit: 32) && Grammar.isDomain(stack.domain), comment)
        #expect(Set(stack.hosts.map(\.name)).count == stack.hosts.count, comment)
        #expect(Set(stack.hosts.map(\.address)).count == stack.hosts.count, comment)
        #expect(stack.hosts.allSatisfy { Grammar.isLabel($0.name) && Grammar.isAddress($0.address) }, comment)
        #expect(Role.allCases.allSatisfy { !stack.hosts($0).isEmpty }, comment)
        #expect(Set(stack.hosts.map(\.isOnLoopback)).count == 1, comment)
        #expect(stack.balancer.httpPort.number != stack.balancer.httpsPort.number, comment)
        #expect(Grammar.isURLPath(stack.app.health) && Grammar.isDatabaseName(stack.database.name), comment)
        #expect(
            (Array(stack.app.environment.keys) + Array(stack.app.secrets.keys)).allSatisfy(Grammar.isVariable), comment)
        let engines = stack.engines
        let paths = [stack.web.staticFolder, engines.haproxy, engines.nginx, engines.mysqld, engines.mysql].compactMap {
            $0
        }
        #expect(
            paths.allSatisfy { $0.hasPrefix("/") && !$0.unicodeScalars.contains(where: FilePath.forbidden.contains) },
            comment)
        let generated = paths + stack.database.settings.flatMap { [$0, $1] }
        #expect(
            generated.allSatisfy { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } }, comment
        )
    }

    private func check(_ errors: StackFileErrors, _ text: String, _ comment: Comment) {
        let places = errors.diagnostics.map { Position(line: $0.line, column: $0.column) }
        #expect(!places.isEmpty && places == places.sorted(), comment)
        let lineCount = text.unicodeScalars.count { $0 == "\n" || $0 == "\r" } + 1
        #expect(places.allSatisfy { (1...lineCount).contains($0.line) && $0.column >= 1 }, comment)
        let messages = errors.diagnostics.map(\.message)
        #expect(messages.allSatisfy { !$0.isEmpty && !$0.unicodeScalars.contains { $0.value < 0x20 } }, comment)
    }
}

/// Breaks files, the same way for the same seed (SplitMix64).
private struct Mutator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func mutate(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            if Bool.random(using: &self) { mutateBytes(&bytes) } else { mutateLines(&bytes) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func mutateBytes(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &self)
        switch Int.random(in: 0..<5, using: &self) {
        case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &self)
        case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0x20...0x7E, using: &self)
        case 2 where place < bytes.count:
            bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &self)))
        case 3: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: (Self.tokens.randomElement(using: &self) ?? "").utf8, at: place)
        }
    }

    private mutating func mutateLines(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        let first = Int.random(in: 0..<lines.count, using: &self)
        let second = Int.random(in: 0..<lines.count, using: &self)
        switch Int.random(in: 0..<5, using: &self) {
        case 0: lines.remove(at: first)
        case 1: lines.insert(lines[first], at: second)
        case 2: lines.swapAt(first, second)
        case 3: lines[first].insert(contentsOf: "  ".utf8, at: 0)
        default: lines[first] = Array(lines[first].drop { $0 == UInt8(ascii: " ") })
        }
        bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    private static let tokens = [
        "*", "*a", "&a ", "!!str ", "!x ", "\"", "'", "\\", "{", "}", "[", "]", ", ", ": ", "- ", "? ", "|\n", ">\n",
        "#",
        "---\n", "...\n", "%YAML 1.1\n", "\t", "\r", "\r\n", "\0", "\u{7}", "\u{85}", "\u{2028}", "\u{FEFF}", "é", "😀",
        "\u{100000}", "\\U00100000", "<<: ", "~", "null", "on", "0", "-1", "99999999999999999999", "1e9", "$", ";", "`",
        "\\n", "\"\\0\"", "127.0.0.1", "10.0.0.21", "web", "database", "sync_binlog: 0\n", "stack: x\n", "app:\n",
    ]

    static let sample = """
        # A stack with a bit of everything.
        stack: big-shop
        domain: shop.example.com
        hosts:
          lb1: {address: 10.0.0.11, roles: [balancer]}
          "web1":
            address: '10.0.0.21'
            roles:
              - web
              - app
          db1: {address: 10.0.0.31, roles: database}
        balancer: {algorithm: leastconn, https_port: 8443}
        web: {static: my files/public, body_limit: 8m}
        app:
          run: |
            exec ./shop serve --all *.txt
          instances: 3
          env: {A: 1, B: "two\\n", C: 'it''s'}
          secrets: [KEY, OTHER]
          timeouts: {start: 1m}
        database:
          name: shop
          settings:
            max-connections: 500
        engines: {mysqld: /opt/mysql/bin/mysqld}

        """
}

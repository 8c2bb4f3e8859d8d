/// Breaks stack files.
public enum Mutator {
    public static func mutate(_ text: String, using random: inout SeededRandom) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            if Bool.random(using: &random) {
                mutateBytes(&bytes, using: &random)
            } else {
                mutateLines(&bytes, using: &random)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func mutateBytes(_ bytes: inout [UInt8], using random: inout SeededRandom) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0x20...0x7E, using: &random)
        case 2 where place < bytes.count:
            bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
        case 3: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: (tokens.randomElement(using: &random) ?? "").utf8, at: place)
        }
    }

    private static func mutateLines(_ bytes: inout [UInt8], using random: inout SeededRandom) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
        let first = Int.random(in: 0..<lines.count, using: &random)
        let second = Int.random(in: 0..<lines.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
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

    public static let sample = """
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

/// Writes stack files that are valid but for what hostile text in some of their strings makes of them.
public struct StackFileWriter {
    private var random: SeededRandom
    /// A string is hostile once in so many.
    private let hostileOneIn: Int
    private var lines: [String] = []

    public static func file(using random: inout SeededRandom) -> String {
        var writer = StackFileWriter(
            random: SeededRandom(seed: random.next()), hostileOneIn: random.pick([1_000_000, 40, 10]))
        writer.write()
        return writer.lines.joined(separator: "\n") + "\n"
    }

    private init(random: SeededRandom, hostileOneIn: Int) {
        self.random = random
        self.hostileOneIn = hostileOneIn
    }

    private mutating func write() {
        add(0, "stack", string(["shop", "a", "big-shop-2", "n" + String(repeating: "x", count: 31)]))
        if chance { add(0, "domain", string(["localhost", "shop.example.com", "a.localhost", "1.2.example"])) }
        if chance { hosts() }
        if chance { balancer() }
        if random.isOneIn(6) { front() }
        if chance { web() }
        app()
        if chance { database() }
        if random.isOneIn(4) {
            lines.append("engines:")
            add(1, random.pick(["haproxy", "nginx", "mysqld", "mysql"]), string(["/usr/sbin/x", "bin/y", "../a b/z"]))
        }
    }

    private mutating func hosts() {
        lines.append("hosts:")
        let count = Int.random(in: 1...8, using: &random)
        let network = random.pick(["", "127.77.3.", "10.0.0."])
        let roles = ["balancer", "web", "app", "database"]
        for index in 0..<count {
            // Every role once, the first ones on whatever hosts there are, then any.
            var own = roles.enumerated().filter { $0.offset % count == index }.map(\.element)
            for role in roles where random.isOneIn(3) && !own.contains(role) { own.append(role) }
            if own.isEmpty { own = [random.pick(roles)] }
            if random.isOneIn(hostileOneIn) { own.append(hostile(random.pick(roles))) }
            lines.append("  \(yaml(string(["h\(index)", "server-\(index)"]))):")
            if !network.isEmpty { add(2, "address", string(["\(network)\(index + 11)"])) }
            lines.append("    roles: [\(own.map { yaml($0) }.joined(separator: ", "))]")
        }
    }

    private mutating func balancer() {
        lines.append("balancer:")
        add(1, "algorithm", string(["roundrobin", "leastconn", "source"]))
        if chance { add(1, "http_port", string(["80", "8080", "1", "65535"])) }
        if chance { add(1, "https_port", string(["443", "8443", "65534"])) }
        if chance { add(1, "max_connections", string(["10", "4000", "1000000"])) }
    }

    /// Right only where there are two balancers and addresses on the network, one of which may be taken.
    private mutating func front() {
        lines.append("front:")
        let addresses = ["10.0.0.100", "10.0.0.101/24", "10.0.0.12", "none", "127.77.3.100", "fd00::1"]
        let count = Int.random(in: 0...3, using: &random)
        let list = (0..<count).map { _ in yaml(string(addresses)) }.joined(separator: ", ")
        if chance { lines.append("  address: [\(list)]") } else { add(1, "address", string(addresses)) }
        if chance { add(1, "interface", string(["eth0", "enp1s0.100", "a-b_c", "averylongname16b"])) }
    }

    private mutating func web() {
        lines.append("web:")
        add(1, "static", string(["public", "/srv/my files (1) [a]*?~%@!&=+,:", "../größe 😀/x", "a b/-c"]))
        if chance { add(1, "body_limit", string(["1kb", "32mb", "10gb"])) }
    }

    private mutating func app() {
        lines.append("app:")
        add(1, "run", string(["./shop serve", "cd x && A=1 exec y | z", "echo \"$PORT\"; sleep 1\nwait"]))
        if chance { add(1, "health", string(["/health", "/a/b.c-d_e~f:g@h+i,j=k", "/"])) }
        if chance { add(1, "instances", string(["1", "4", "80"])) }
        if chance {
            lines.append("  env:")
            add(2, string(["LOG_LEVEL", "a1"]), string(["info", "", "a\nb", "it's \"quoted\" $HOME"]))
        }
        if chance {
            lines.append("  secrets:")
            let source = random.pick(["env", "file"])
            add(2, string(["KEY"]), nil)
            add(3, source, string(source == "env" ? ["SHOP_KEY"] : ["secrets/mail", "/run/a b"]))
        }
        if chance {
            lines.append("  timeouts:")
            add(2, random.pick(["start", "request", "stop"]), string(["1s", "90s", "5m"]))
        }
    }

    private mutating func database() {
        lines.append("database:")
        add(1, "name", string(["shop", "Shop_2", "d" + String(repeating: "x", count: 31)]))
        guard chance else { return }
        lines.append("  settings:")
        // Which numbers these take, mysqld alone knows.
        if chance { add(2, "max-connections", random.pick(["10", "500"])) }
        if chance { add(2, "innodb_buffer_pool_size", random.pick(["64M", "1G"])) }
        if chance { add(2, "init_connect", text("SET @a = 'x y'; SET @b = 1")) }
        if chance { add(2, string(["loose_some_plugin_says", "loose_some_plugin.says"]), text("on")) }
        if random.isOneIn(hostileOneIn) { add(2, hostile("sync_binlog"), text("0")) }
    }

    /// Beside those that begin with `loose_`, as the loader writes them.
    public static let settings: Set = ["max_connections", "innodb_buffer_pool_size", "init_connect"]

    // MARK: - Words

    private var chance: Bool {
        mutating get { Bool.random(using: &random) }
    }

    private mutating func add(_ level: Int, _ key: String, _ value: String?) {
        lines.append(
            String(repeating: "  ", count: level) + yaml(key) + ":" + (value.map { " " + yaml($0) } ?? ""))
    }

    private mutating func string(_ ordinary: [String]) -> String {
        let word = random.pick(ordinary)
        return random.isOneIn(hostileOneIn) ? hostile(word) : word
    }

    /// Where anything may stand, hostile text does half the time.
    private mutating func text(_ ordinary: String) -> String { chance ? hostile(ordinary) : ordinary }

    private mutating func hostile(_ word: String) -> String {
        let payload = random.pick(Self.payloads)
        return random.pick([payload, word + payload, payload + word, String(word.prefix(1)) + payload + word])
    }

    /// In a style that can hold it; sometimes plain where that may not mean the same.
    private mutating func yaml(_ text: String) -> String {
        let isTame =
            !text.isEmpty
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
                    || $0 == 0x2D || $0 == 0x2E || $0 == 0x2F
            }
        if isTame, !random.isOneIn(8) { return text }
        if !isTame, !text.isEmpty, random.isOneIn(8) { return text }
        let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F }
        // A number in quotes is a number still.
        if isPrintable, chance {
            return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        }
        return "\"" + text.unicodeScalars.map(Self.escaped).joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case _ where scalar.value < 0x20 || (0x7F..<0x100).contains(scalar.value):
            "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: String(scalar)
        }
    }

    /// `smuggled` is a directive that no program knows: where it becomes one, the program refuses the file.
    private static let payloads = [
        "\n", "\r", "\0", "\t", "\u{85}", "\u{2028}", "\u{FEFF}", "\u{202E}", "\u{7F}", "é", "😀", "\u{10FFFF}",
        "\n    smuggled 1\n", "\r\nsmuggled 1\r\n", "; smuggled on;", "\"; smuggled on; \"", "'; smuggled on; '",
        "} smuggled { }", "\" smuggled", "' smuggled", "\\\nsmuggled 1", "\\", "\\\"", "\"", "'", "`smuggled`",
        "$(smuggled)", "${smuggled}", "$smuggled", "%[smuggled]", "%{smuggled}", "%s%n", "# smuggled", " # smuggled",
        " smuggled", " if smuggled", ",smuggled", "=smuggled", "\n[mysqld]\nsmuggled = 1", "\n!include smuggled",
        "\ninclude smuggled;", "\n.if smuggled", "*", "?", "[a]", "{", "}", "(", ")", "<", ">", "|", "&", "~", "!", "@",
        " ", "  ", "", "-", "--smuggled", "/", "//", "..", "../../../etc", ".", ":", ":0", "0x7f.1", "0", "-1", "1e9",
        "99999999999999999999999", "yes", "no", "null", "~", "true", "on", "0o17", "010",
        String(repeating: "x", count: 300), String(repeating: "ä", count: 2000), "xn--n3h", "127.0.0.1", "0.0.0.0",
        "255.255.255.255", "root", "mysql", "tandem", "localhost",
    ]
}

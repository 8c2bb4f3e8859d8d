import Foundation
import TandemStack
import Testing

@testable import TandemBlueprint

/// What `FirewallFile` writes, shown to the real nft and to real packets, in network namespaces of the test's own.
@Suite(
    .enabled(
        if: Namespace.canBeMade,
        "no network namespace can be made here (unshare --net), so no rules can be loaded without touching this machine's"
    ))
struct FirewallTests {
    private static func stack(_ ssh: [String]? = nil, port: Int? = nil) -> Stack {
        var stack = Sample.split.stack
        stack.firewall = ssh.map { Firewall(ssh: $0.compactMap { Network($0) }) }
        stack.ssh.port = port
        return stack
    }

    private static func rules(_ host: String, _ stack: Stack = stack()) throws -> String {
        let host = try #require(stack.hosts.first { $0.name == host })
        let layout = Sample.split.layout(host)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
        return try #require(blueprint.files.first { $0.path == layout.firewallFile }).contents
    }

    @Test(arguments: [
        nil, ["0.0.0.0/0"], ["::/0"], ["10.1.2.3/8", "10.0.0.0/9", "192.0.2.7", "2001:db8::1/32", "2001:db8::/33"],
    ])
    func `nft takes it, whichever networks may log in, twice in a row, and leaves the tables of others alone`(
        ssh: [String]?
    ) throws {
        let text = try Self.rules("lb1", Self.stack(ssh))
        let answer = try Namespace.run(
            """
            nft add table inet filter; nft add chain inet filter input '{ type filter hook input priority 0; }'
            nft add table ip tandem
            cat > "$1/rules"
            nft -c -f "$1/rules" && nft -f "$1/rules" && nft list ruleset > "$1/one"
            nft -f "$1/rules" && nft list ruleset > "$1/two" && cmp "$1/one" "$1/two" && nft list tables
            # What is wrong further down takes nothing away.
            echo nonsense >> "$1/rules"; ! nft -f "$1/rules" 2>/dev/null && nft list ruleset | cmp - "$1/one" && echo whole
            """, input: text)
        #expect(answer == "table inet filter\ntable ip tandem\ntable inet tandem\nwhole\n")
    }

    @Test func `what a host loads lets in whatever of the stack listens there for others, monitoring too`() throws {
        for sample in [Sample.split, Sample.watched] {
            for host in sample.stack.hosts {
                let wanted = try sample.blueprint(host).listeners.filter { $0.reach != .host }.map(\.port)
                let rules = try HostGuard(stack: sample.stack, host: host).rules.contents
                let open = rules.split(separator: "\n").filter { $0.contains("dport") && $0.hasSuffix("accept") }
                    .flatMap { $0.split { !$0.isNumber }.compactMap { Int($0) } }
                #expect(Set(wanted).subtracting(open).isEmpty, "\(sample.name), \(host.name)")
            }
        }
        let watch = try #require(Sample.watched.stack.hosts.first { $0.name == "watch" })
        #expect(try Sample.watched.blueprint(watch).listeners.contains { $0.port == Ports.prometheus })
    }

    @Test func `a host of a laptop's stack has no firewall of its own`() throws {
        for host in Sample.conduit.stack.hosts {
            #expect(try !Sample.conduit.blueprint(host).files.contains { $0.path.hasSuffix(".nft") })
        }
    }

    @Test func `every port that a host listens on is for somebody, and what is for the host alone listens on loopback`()
        throws
    {
        for sample in Sample.all {
            for host in sample.stack.hosts {
                let blueprint = try sample.blueprint(host)
                for listener in blueprint.listeners {
                    #expect(
                        (listener.reach == .host) == (listener.address == host.loopbackAddress) || host.isOnLoopback)
                    let isFront =
                        listener.port == sample.stack.balancer.httpPort.number
                        || listener.port == sample.stack.balancer.httpsPort.number
                    #expect((listener.reach == .users) == isFront)
                }
            }
        }
    }

    /// What is open from a host of the stack, from elsewhere, and from elsewhere over IPv6.
    struct Case: Sendable, CustomTestStringConvertible {
        var host: String
        var ssh: [String]?
        var port: Int?
        var stack: [Int]
        var users: [Int]
        var usersIPv6: [Int]
        var testDescription: String { "\(host) \(ssh ?? [])" }
    }

    static let cases = [
        Case(
            host: "lb1", stack: [22, 80, 443, 8007, 8404], users: [22, 80, 443], usersIPv6: [22, 80, 443]),
        Case(host: "web1", stack: [22, 4443, 8007], users: [22], usersIPv6: [22]),
        Case(host: "app1", ssh: ["10.0.0.0/24"], stack: [22, 4444, 8007], users: [], usersIPv6: []),
        Case(
            host: "db1", ssh: ["2001:db8::/32"], port: 2222, stack: [2379, 2380, 3306, 8007], users: [],
            usersIPv6: [2222]),
    ]

    @Test(arguments: cases)
    func `packets of a real network reach what is declared, and nothing else`(example: Case) throws {
        let stack = Self.stack(example.ssh, port: example.port)
        let address = try #require(stack.hosts.first { $0.name == example.host }).address
        // 9999: a process that somebody has left there.
        let ports = [22, 80, 443, 2222, 2379, 2380, 3000, 3306, 4443, 4444, 6446, 8007, 8008, 8009, 8404, 9999, 33062]
        let answer = try Namespace.run(
            Self.scan, arguments: [address, ports.map(String.init).joined(separator: " ")],
            input: try Self.rules(example.host, stack))
        func list(_ ports: [Int]) -> String { ports.map { " \($0)" }.joined() }
        #expect(
            answer == """
                before\(list(ports))
                stack\(list(example.stack))
                users\(list(example.users))
                users6\(list(example.usersIPv6))
                ping yes
                held yes

                """)
    }

    /// Two namespaces with a cable: the host, and the world, which has an address of the stack's and others.
    private static let scan = #"""
        set -e
        cat > "$1/rules"
        unshare --net --kill-child sleep 600 & world=$!
        until [ "$(readlink /proc/$world/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
        in_world() { nsenter --net=/proc/$world/ns/net "$@"; }
        ip link add host0 type veth peer name world0 netns $world
        ip address add "$2/16" dev host0; ip address add 2001:db8::1/64 dev host0 nodad; ip link set host0 up; ip link set lo up
        in_world ip address add 10.0.0.99/16 dev world0; in_world ip address add 10.0.0.22/16 dev world0
        in_world ip address add 2001:db8::9/64 dev world0 nodad; in_world ip link set world0 up
        in_world ip address add 192.0.2.9/32 dev world0; ip route add 192.0.2.9/32 dev host0
        python3 -c '
        import socket, sys, threading
        held = []
        def serve(port):
            server = socket.socket(socket.AF_INET6); server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("::", port)); server.listen(64)
            def accept():
                while True:
                    peer = server.accept()[0]; held.append(peer)
                    threading.Thread(target=lambda peer=peer: [peer.sendall(part) for part in iter(lambda: peer.recv(9), b"")], daemon=True).start()
            threading.Thread(target=accept, daemon=True).start()
        for port in sys.argv[1].split(): serve(int(port))
        print("ready", flush=True); threading.Event().wait()' "$3" > "$1/served" & served=$!
        trap 'kill -9 $served $world' EXIT
        until grep -qs ready "$1/served"; do sleep 0.02; done
        cat > "$1/scan.py" <<'END'
        import socket, subprocess, sys
        from concurrent.futures import ThreadPoolExecutor
        host, ports, rules = sys.argv[1], [int(port) for port in sys.argv[2].split()], sys.argv[3]
        def is_open(source, target, port):
            with socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET) as client:
                client.settimeout(2); client.bind((source, 0))
                try: client.connect((target, port)); return True
                except OSError: return False
        def scan(*places):
            # All at once: what is dropped takes two seconds.
            with ThreadPoolExecutor(len(ports) * len(places)) as pool:
                tries = [(name, [(port, pool.submit(is_open, source, target, port)) for port in ports])
                         for name, source, target in places]
                for name, found in tries: print(name, *[port for port, is_there in found if is_there.result()])
        scan(("before", "192.0.2.9", host))
        def alive(peer):
            peer.sendall(b"still"); return peer.recv(9) == b"still"
        # A connection of the stack that was made before.
        held = socket.create_connection((host, 8007), 60, ("10.0.0.22", 0)); assert alive(held)
        host_namespace = ["nsenter", "--net=/proc/%s/ns/net" % sys.argv[4]]
        subprocess.run([*host_namespace, "nft", "-f", rules], check=True)
        scan(("stack", "10.0.0.22", host), ("users", "192.0.2.9", host), ("users6", "2001:db8::9", "2001:db8::1"))
        ping = lambda *words: subprocess.run(["ping", "-c1", "-W2", *words], stdout=subprocess.DEVNULL).returncode == 0
        print("ping", "yes" if ping("-I", "192.0.2.9", host) and ping("2001:db8::1") else "no")
        subprocess.run([*host_namespace, "nft", "-f", rules], check=True)
        print("held", "yes" if alive(held) else "no")
        END
        in_world python3 "$1/scan.py" "$2" "$3" "$1/rules" $$
        """#
}

/// Network namespaces that end with the command in them.
enum Namespace {
    static let canBeMade = (try? run("nft list ruleset && echo yes", input: "")) == "yes\n"

    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a shell script in one of its own; `$1` is a folder that it may use.
    static func run(_ script: String, arguments: [String] = [], input: String) throws -> String {
        let folder = "/tmp/tandem-firewall-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try input.write(toFile: "\(folder)/input", atomically: false, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        // An ordinary user is root in a namespace of their own.
        let user = geteuid() == 0 ? [] : ["--user", "--map-root-user"]
        process.arguments =
            user + [
                "--net", "--kill-child", "--fork", "/bin/bash", "-c", "PATH=$PATH:/usr/sbin:/sbin; " + script, "script",
                folder,
            ]
            + arguments
        process.standardInput = FileHandle(forReadingAtPath: "\(folder)/input")
        try "".write(toFile: "\(folder)/errors", atomically: false, encoding: .utf8)
        process.standardError = FileHandle(forWritingAtPath: "\(folder)/errors")
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let words = (try? String(contentsOfFile: "\(folder)/errors", encoding: .utf8)) ?? ""
            throw Failed(description: "ended with \(process.terminationStatus): \(words.suffix(2000))")
        }
        return String(decoding: output, as: UTF8.self)
    }
}

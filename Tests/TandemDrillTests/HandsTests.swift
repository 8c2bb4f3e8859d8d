import Foundation
import Glibc
import TandemServices
import Testing

@testable import TandemDrill

private let setting = HandsSetting(
    stack: "hands-test", user: geteuid(), addresses: ["a": "127.14.77.21", "b": "127.14.77.22"])
private let isPossible = geteuid() == 0 && (try? NetworkCut(setting).tryOut()) != nil

/// With the real nftables, on addresses and with names of the tests' own.
@Suite(
    "Cutting connections, as root", .serialized,
    .enabled(if: isPossible, "only root may cut connections, and not on every machine"))
struct HandsTests {
    private static let port = 20_211

    /// Answers whoever connects at a's address, and each second tries b's and its own, and writes down what came of it.
    private static let program = """
        import socket, sys, threading, time
        def listen(address):
            server = socket.socket()
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, \(port)))
            server.listen(50)
            def serve():
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=echo, args=(connection,), daemon=True).start()
            threading.Thread(target=serve, daemon=True).start()
        def echo(connection):
            while data := connection.recv(100): connection.sendall(data)
        def tried(address):
            try:
                with socket.create_connection((address, \(port)), timeout=0.5) as connection:
                    connection.sendall(b"x")
                    return connection.recv(1) == b"x"
            except OSError: return False
        listen(sys.argv[1])
        while len(sys.argv) > 2:
            line = " ".join(str(tried(address)) for address in sys.argv[2:4])
            with open(sys.argv[4], "a") as file: file.write(line + "\\n")
            time.sleep(0.05)
        time.sleep(600)
        """

    private func start(_ arguments: [String]) throws -> RunningProcess {
        let log = "\(NSTemporaryDirectory())hands-\(UInt32.random(in: 0 ... .max)).log"
        defer { unlink(log) }
        return try RunningProcess.start(
            ProcessSpecification(
                command: ["/usr/bin/python3", "-c", Self.program] + arguments, environment: ["PATH": "/usr/bin:/bin"],
                workingDirectory: "/", logFile: log))
    }

    /// Milliseconds, for what is to answer, however busy the machine is.
    private static let patience = 20_000
    /// For what is not to.
    private static let moment = 500

    private func setPatience(_ milliseconds: Int, of descriptor: Int32) {
        var patience = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// A connection of this process, which is on no host.
    private func connect(_ address: String, within milliseconds: Int = Self.patience) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        setPatience(milliseconds, of: descriptor)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = in_port_t(UInt16(Self.port)).bigEndian
        inet_pton(AF_INET, address, &target.sin_addr)
        let isConnected = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isConnected { return descriptor }
        close(descriptor)
        return nil
    }

    private func answers(_ descriptor: Int32, within milliseconds: Int = Self.patience) -> Bool {
        setPatience(milliseconds, of: descriptor)
        var byte: UInt8 = 120
        return send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 && recv(descriptor, &byte, 1, 0) == 1
    }

    private func lines(_ path: String) -> [Substring] {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n")
    }

    private func waitFor(_ what: String, _ isSo: () -> Bool) async throws {
        for _ in 0..<3000 where !isSo() { try await Task.sleep(for: .milliseconds(20)) }
        #expect(isSo(), "\(what)")
    }

    private var isCut: Bool {
        ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].contains { folder in
            let groups = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
            return groups.contains { $0.hasSuffix("tandem-drill-hands-test") }
        }
    }

    @Test(
        "a host that is cut off hears nobody and is heard by nobody, on new connections and old, until the drill is gone"
    )
    func isolated() async throws {
        signal(SIGPIPE, SIG_IGN)
        let log = "\(NSTemporaryDirectory())hands-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: log) }
        let b = try start(["127.14.77.22"])
        let a = try start(["127.14.77.21", "127.14.77.21", "127.14.77.22", log])
        defer { for process in [a, b] { process.signal(SIGKILL) } }
        try await waitFor("both hosts answer") { lines(log).last == "True True" }
        let old = try #require(connect("127.14.77.21"))
        defer { close(old) }
        #expect(answers(old))

        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let (theirs, ours) = (ends[0], ends[1])
        let hands = Thread { Hands.run(descriptor: theirs, setting) }
        hands.start()
        let link = HandsLink(descriptor: ours)
        #expect(try await link.limits().network == nil)
        let stranger = ProcessIdentity(pid: 1).map { [$0] } ?? []
        try await link.make(.isolate(host: "a", processes: [a.identity] + stranger), bound: .seconds(60))
        #expect(!answers(old, within: Self.moment), "a connection that was there")
        #expect(connect("127.14.77.21", within: Self.moment) == nil, "a new one")
        #expect(try #require(connect("127.14.77.22")) >= 0, "the other host is there for all others")
        try await waitFor("it reaches itself and nobody else") { lines(log).last == "True False" }
        #expect(isCut)
        // The drill dies.
        close(ours)
        try await waitFor("all of it is undone") { hands.isFinished && !isCut }
        close(theirs)
        try await waitFor("both hosts answer again") { lines(log).last == "True True" }
        #expect(try #require(connect("127.14.77.21")) >= 0)
    }

    @Test("a cut ends at its time although the drill lives, and is no proof of anything then")
    func bound() async throws {
        let process = try start(["127.14.77.21"])
        defer { process.signal(SIGKILL) }
        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let (theirs, ours) = (ends[0], ends[1])
        defer { for end in [theirs, ours] { close(end) } }
        Thread { Hands.run(descriptor: theirs, setting) }.start()
        let link = HandsLink(descriptor: ours)
        try await link.make(.isolate(host: "a", processes: [process.identity]), bound: .seconds(1))
        try await waitFor("it is undone") { !isCut }
        await #expect(throws: DrillError.self) { try await link.undo() }
        await #expect(throws: DrillError.self, "nobody's host") {
            try await link.make(.isolate(host: "c", processes: [process.identity]), bound: .seconds(1))
        }
        await #expect(throws: DrillError.self, "nobody's process") {
            try await link.make(.cutConnections(of: []), bound: .seconds(1))
        }
        #expect(!isCut)
    }
}

import CTandemSystem
import Glibc
import TandemBlueprint
import TandemServices
import TandemStack
import Testing

@testable import TandemAgent

@Suite("Sockets that an agent keeps for HAProxy", .serialized)
struct HeldSocketsTests {
    private static let address = "127.200.14.1"
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func socket(_ port: Int, as descriptor: Int32 = 10) -> FrontSocket {
        FrontSocket(descriptor: descriptor, address: address, port: port, isEncrypted: false)
    }

    private func connects(_ port: Int) -> Bool {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = in_port_t(UInt16(port)).bigEndian
        inet_pton(AF_INET, Self.address, &target.sin_addr)
        return withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    @Test("take connections while nobody is there to accept them, but not before somebody was")
    func waits() throws {
        let held = HeldSockets(logger: quietLogger)
        let wanted = [Self.socket(24801), Self.socket(24802, as: 11)]
        let given = try held.descriptors(wanted)
        #expect(Set(given.keys) == [10, 11])
        #expect(!connects(24801), "HAProxy says when")
        let first = try #require(given[10])
        // What HAProxy does with its copy.
        let copy = dup(first)
        #expect(listen(copy, 16) == 0)
        #expect(connects(24801))
        close(copy)
        #expect(connects(24801) && !connects(24802))
        #expect(try held.descriptors(wanted) == given, "HAProxy's next process gets the same")
        held.keep(only: [wanted[1]])
        #expect(!connects(24801))
        #expect(try held.descriptors([wanted[1]])[11] == given[11])
        held.keep(only: [])
    }

    @Test("may be bound to an address that another machine has at the moment")
    func elsewhere() throws {
        let held = HeldSockets(logger: quietLogger)
        let socket = FrontSocket(descriptor: 12, address: "192.0.2.77", port: 24803, isEncrypted: true)
        #expect(try held.descriptors([socket]).count == 1)
        held.keep(only: [])
    }

    @Test("are not there where another program has the port, and the error says which")
    func taken() throws {
        let other = try ListenerCheck.bindListener(address: Self.address, port: 24804)
        defer { close(other) }
        let held = HeldSockets(logger: quietLogger)
        let error = #expect(throws: StateError.self) { try held.descriptors([Self.socket(24804)]) }
        #expect(
            error?.description.contains("cannot listen: 127.200.14.1:24804 is taken by") == true)
    }

    @Test("are left with systemd, and taken from it by the next agent")
    func stored() throws {
        let path = "\(folder.path)/notify"
        let manager = try Manager(path)
        let held = HeldSockets(environment: ["NOTIFY_SOCKET": path], logger: quietLogger)
        let wanted = Self.socket(24805)
        let given = try #require(try held.descriptors([wanted])[10])
        let (words, stored) = try manager.receive()
        #expect(words == "FDSTORE=1\nFDPOLL=0\nFDNAME=front")
        _ = try held.descriptors([wanted])
        #expect(manager.isIdle, "told once")

        // As systemd hands them over, under the numbers from 3 on.
        let first = dup2(try #require(stored.first), 700)
        close(stored[0])
        #expect(first == 700 && dup2(STDIN_FILENO, 701) == 701)
        #expect(listen(given, 16) == 0)
        held.keep(only: [wanted])
        #expect(manager.isIdle)
        let environment = ["NOTIFY_SOCKET": path, "LISTEN_PID": "\(getpid())", "LISTEN_FDS": "2"]
        let next = HeldSockets(environment: environment, firstGiven: 700, logger: quietLogger)
        #expect(fcntl(701, F_GETFD) == -1, "what is no socket of a front's is closed")
        #expect(try next.descriptors([wanted]) == [10: 700])
        #expect(manager.isIdle)
        close(given)
        #expect(connects(24805))

        let another = Self.socket(24806, as: 11)
        _ = try next.descriptors([wanted, another])
        for descriptor in try manager.receive().descriptors { close(descriptor) }
        next.keep(only: [another])
        let (removal, none) = try manager.receive()
        #expect(removal == "FDSTOREREMOVE=1\nFDNAME=front" && none.isEmpty)
        let (again, kept) = try manager.receive()
        #expect(again.hasPrefix("FDSTORE=1"))
        #expect(kept.map(ListenerCheck.place) == [another.description])
        for descriptor in kept { close(descriptor) }
        #expect(manager.isIdle && !connects(24805))
        next.keep(only: [])
    }

    @Test("are copied from a HAProxy that runs, where nobody has given them to the agent")
    func copied() async throws {
        let wanted = Self.socket(24807, as: 12)
        let first = HeldSockets(logger: quietLogger)
        let given = try #require(try first.descriptors([wanted])[12])
        #expect(listen(given, 16) == 0)
        let haproxy = try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sleep", "60"], environment: [:], workingDirectory: "/", logFile: "\(folder.path)/log",
                descriptors: [12: given]))
        first.keep(only: [])
        // Another place's socket is not what it looks like.
        let next = HeldSockets(logger: quietLogger)
        next.take([Self.socket(24808, as: 12)], from: haproxy.identity)
        next.take([wanted], from: haproxy.identity)
        await haproxy.stop(signal: SIGKILL, bound: .seconds(5))
        #expect(connects(24807), "it is the same socket")
        #expect(!connects(24808))
        next.keep(only: [])
        #expect(!connects(24807))
    }

    @Test("of as many addresses as a front may have are handed over")
    func many() async throws {
        let held = HeldSockets(logger: quietLogger)
        let wanted = (0...Front.mostBalancers).flatMap { index in
            [0, 1].map { Self.socket(24810 + 2 * index + $0, as: Int32(10 + 2 * index + $0)) }
        }
        let process = try RunningProcess.start(
            ProcessSpecification(
                command: ["/bin/sh", "-c", "ls /proc/$$/fd | wc -l; exec sleep 60"], environment: [:],
                workingDirectory: "/", logFile: "\(folder.path)/many", descriptors: try held.descriptors(wanted)))
        try await eventually("it runs") { !folder.text("many").isEmpty }
        #expect(try #require(Int(folder.text("many").filter(\.isNumber))) >= wanted.count)
        await process.stop(signal: SIGKILL, bound: .seconds(5))
        held.keep(only: [])
    }

    @Test("of another process are none of ours")
    func others() throws {
        let descriptor = dup2(STDIN_FILENO, 702)
        defer { close(descriptor) }
        _ = HeldSockets(
            environment: ["LISTEN_PID": "\(getpid() + 1)", "LISTEN_FDS": "1"], firstGiven: 702, logger: quietLogger)
        #expect(fcntl(702, F_GETFD) != -1)
    }
}

/// systemd's end of NOTIFY_SOCKET.
private final class Manager {
    private let socket: Int32

    init(_ path: String) throws {
        socket = Glibc.socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(isBound)
    }

    deinit { close(socket) }

    func receive() throws -> (words: String, descriptors: [Int32]) {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var descriptors = [Int32](repeating: -1, count: Int(TANDEM_MOST_PASSED))
        var count = 0
        let size = tandem_receive_message(socket, &bytes, bytes.count, &descriptors, &count)
        try #require(size >= 0, "nobody has said anything")
        return (String(decoding: bytes.prefix(size), as: UTF8.self), Array(descriptors.prefix(count)))
    }

    var isIdle: Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, Int32(MSG_PEEK)) == -1 && errno == EAGAIN
    }
}

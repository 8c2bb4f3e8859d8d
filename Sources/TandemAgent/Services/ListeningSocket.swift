import CTandemSystem
import Foundation
import Glibc
import TandemServices

/// A socket that accepts TCP connections.
struct ListeningSocket: Sendable, Equatable, CustomStringConvertible {
    /// In words of IPv4 where it is IPv4's in an IPv6 form (`::ffff:127.0.0.1`).
    var address: String
    var port: Int
    /// Whose process opened it.
    var user: UInt32
    var inode: UInt64

    var isForAll: Bool { address == "0.0.0.0" || address == "::" }
    var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// All sockets of this machine, or of the container that we are in, that accept TCP connections.
struct ListeningSockets: Sendable {
    var all: [ListeningSocket]

    /// As they are now. One look serves all that is asked at the time: an agent looks several times a second.
    static func now() -> ListeningSockets { ListeningSockets(all: fromDiagnosis() ?? fromTables()) }

    /// Those that a connection to this address may reach: of the address itself, or of all addresses where there is
    /// none.
    func reached(by address: String, _ port: Int) -> [ListeningSocket] {
        let ofPort = all.filter { $0.port == port }
        let exact = ofPort.filter { $0.address == address }
        return exact.isEmpty ? ofPort.filter(\.isForAll) : exact
    }

    /// Those that keep a program from listening at this address.
    func clashing(with address: String, _ port: Int) -> [ListeningSocket] {
        all.filter { $0.port == port && ($0.address == address || $0.isForAll) }
    }

    /// Those of some processes, as far as we may see their descriptors.
    func held(by pids: [Int32]) -> [ListeningSocket] {
        let inodes = pids.reduce(into: Set<UInt64>()) { $0.formUnion(Self.inodes(of: $1)) }
        return inodes.isEmpty ? [] : all.filter { inodes.contains($0.inode) }
    }

    /// The inodes of the sockets that a process has open.
    static func inodes(of pid: Int32) -> Set<UInt64> {
        let files = FileManager.default
        let names = (try? files.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
        return Set(
            names.compactMap { name in
                guard let target = try? files.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)"),
                    target.hasPrefix("socket:[")
                else { return nil }
                return UInt64(target.dropFirst(8).dropLast())
            })
    }

    // MARK: - From sock_diag(7)

    /// How often a list that changed meanwhile is asked for.
    private static let attempts = 5

    /// nil where the kernel, or what confines this process, has no such questions.
    static func fromDiagnosis() -> [ListeningSocket]? {
        for _ in 0..<attempts {
            var found: UnsafeMutablePointer<tandem_listening_socket>?
            var count = 0
            if tandem_listening_sockets(&found, &count) == 0 {
                defer { free(found) }
                return UnsafeBufferPointer(start: found, count: count).compactMap(ListeningSocket.init)
            }
            if errno != EINTR { return nil }
        }
        return nil
    }

    // MARK: - From /proc/net/tcp

    /// proc(5): what is left where sock_diag(7) is not to be had. The kernel walks through its whole table of
    /// connections for it.
    static func fromTables() -> [ListeningSocket] {
        ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { rows(of: ProcFile.whole($0)) }
    }

    /// Fields 1 (local address, hex), 3 (state, 0A is LISTEN), 7 (user) and 9 (inode).
    static func rows(of table: String) -> [ListeningSocket] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", let user = UInt32(fields[7]), let inode = UInt64(fields[9])
            else { return nil }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, let port = Int(local[1], radix: 16), let address = address(local[0]) else {
                return nil
            }
            return ListeningSocket(address: address, port: port, user: user, inode: inode)
        }
    }

    /// As the kernel prints it: 32-bit words in the machine's byte order, one for IPv4 and four for IPv6.
    static func address(_ hex: some StringProtocol) -> String? {
        let digits = Array(String(hex))
        let words = stride(from: 0, to: digits.count, by: 8).compactMap {
            UInt32(String(digits[$0..<min($0 + 8, digits.count)]), radix: 16)
        }
        guard words.count == 1 || words.count == 4, digits.count == words.count * 8 else { return nil }
        return words.withUnsafeBytes { ListeningSocket.text(words.count == 1 ? AF_INET : AF_INET6, $0) }
    }
}

extension ListeningSocket {
    fileprivate init?(_ socket: tandem_listening_socket) {
        let address = withUnsafeBytes(of: socket.address) { Self.text(socket.family, $0) }
        guard let address else { return nil }
        self.init(address: address, port: Int(socket.port), user: socket.user, inode: UInt64(socket.inode))
    }

    /// - Parameter bytes: in network order, as many as the family has.
    fileprivate static func text(_ family: Int32, _ bytes: UnsafeRawBufferPointer) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes.baseAddress, &text, socklen_t(text.count)) != nil else { return nil }
        let shown = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return shown.hasPrefix("::ffff:") ? String(shown.dropFirst(7)) : shown
    }

    /// The first process that has it open, among those whose descriptors we may see.
    func holder(among pids: [Int32]) -> Int32? {
        let files = FileManager.default
        let name = "socket:[\(inode)]"
        return pids.first { pid in
            let folder = "/proc/\(pid)/fd"
            return (try? files.contentsOfDirectory(atPath: folder))?.contains {
                (try? files.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == name
            } ?? false
        }
    }

    /// The program that has it open; nil where it cannot be seen (another user's).
    var program: (name: String, pid: Int32)? {
        guard let pid = holder(among: ProcFile.pids) else { return nil }
        let name = ProcFile.whole("/proc/\(pid)/comm").split(separator: "\n").first.map(String.init)
        return (name ?? "a program", pid)
    }
}

import Foundation
import Glibc
import TandemBlueprint
import TandemServices
import TandemStack

/// A socket that listens on a TCP port, as the kernel tells everybody (proc(5), /proc/net/tcp).
struct ListeningSocket: Sendable, Equatable {
    /// Whose process opened it.
    var user: UInt32
    var inode: UInt64

    /// Those that a connection to this address may reach: of the address itself, or of all addresses where there is none.
    static func find(address: String, port: Int) -> [ListeningSocket] {
        let rows = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { Self.rows(of: beginning(of: $0), port: port) }
        let names = ListenerCheck.clashingAddresses(address)
        let exact = rows.filter { $0.address == names.word || $0.address == names.mapped }
        let reachable = exact.isEmpty ? rows.filter { names.all.contains($0.address) } : exact
        return reachable.map(\.socket)
    }

    /// Fields 1 (local address, hex), 3 (state, 0A is LISTEN), 7 (user) and 9 (inode).
    static func rows(of table: String, port: Int) -> [(address: String, socket: ListeningSocket)] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", let user = UInt32(fields[7]), let inode = UInt64(fields[9])
            else { return nil }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, Int(local[1], radix: 16) == port else { return nil }
            return (String(local[0]), ListeningSocket(user: user, inode: inode))
        }
    }

    /// The kernel lists sockets that listen first. What comes after them may be many thousands, and this is read several
    /// times a second.
    private static func beginning(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
            let last = String(decoding: bytes.suffix(400), as: UTF8.self).split(separator: "\n").dropLast().last
            if let state = last?.split(separator: " ").dropFirst(3).first, state != "0A", state != "st" { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The process that has it open, among those whose descriptors we may see.
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
}

/// Whether a service's own process listens where it is meant to. Ports above 1023 are anybody's: who waits for the moment
/// in which a service is started anew takes its place, and is sent what its users send.
struct PortGuard: Sendable {
    let address: String
    let port: Int
    /// Whose rights the service has.
    let user: UInt32

    /// - Parameters:
    ///   - process: the service's; nil while none runs.
    ///   - known: inodes of sockets that were found to be the service's own; added to.
    /// - Returns: who else listens there, in words; nil when nobody does.
    func stranger(besides process: ProcessIdentity?, known: inout Set<UInt64>) -> String? {
        for socket in ListeningSocket.find(address: address, port: port) {
            // Root is no stranger: nothing is safe from it.
            if socket.user == 0 || known.contains(socket.inode) { continue }
            if socket.user != user { return words(socket) }
            // Another program of the same user. Without a process of ours it may be a rest of the last one.
            guard let process else { continue }
            if socket.holder(among: process.members) == nil,
                let other = socket.holder(among: Self.allProcesses), process.isAlive,
                !process.members.contains(other)
            {
                return words(socket, other)
            }
            known.insert(socket.inode)
        }
        return nil
    }

    /// A host's files as an agent begins with them: nginx sends nothing to an app's port that another user has by then.
    ///
    /// A program of the same user may be a rest of the last app here; it is told apart once there is a process of ours.
    /// - Parameter plain: the host's blueprint that avoids no port.
    static func firstPlan(
        _ plain: HostBlueprint, stack: Stack, host: Host, layout: Layout
    ) throws -> (blueprint: HostBlueprint, avoided: Set<Int>) {
        var avoided: Set<Int> = []
        for place in plain.services.filter({ $0.name == .app }).flatMap(\.listeners) {
            var known: Set<UInt64> = []
            let look = PortGuard(address: place.address, port: place.port, user: geteuid())
            if look.stranger(besides: nil, known: &known) != nil { avoided.insert(place.port) }
        }
        if avoided.isEmpty { return (plain, avoided) }
        return (try HostBlueprint(stack: stack, host: host, layout: layout, avoiding: avoided), avoided)
    }

    private func words(_ socket: ListeningSocket, _ pid: Int32? = nil) -> String {
        var holder = "user \(Self.name(of: socket.user))"
        if let pid = pid ?? socket.holder(among: Self.allProcesses) {
            let program = ProcFile.whole("/proc/\(pid)/comm").split(separator: "\n").first.map(String.init)
            holder += " (pid \(pid), \(program ?? "a program"))"
        }
        return "port \(address):\(port) is held by \(holder), who may be sent what is meant for this service; "
            + "end that program: `ss -ltnp` as root shows it"
    }

    private static var allProcesses: [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    }

    private static func name(of user: UInt32) -> String {
        guard let entry = getpwuid(user) else { return "\(user)" }
        return String(cString: entry.pointee.pw_name)
    }
}

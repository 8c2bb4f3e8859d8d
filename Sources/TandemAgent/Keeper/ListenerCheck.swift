import Foundation
import Glibc
import TandemServices

/// Finds out who holds a TCP port, before anything is started.
public enum ListenerCheck {
    /// Why nothing can listen there, or nil when it is free.
    public static func problem(address: String, port: Int) -> String? {
        do {
            close(try bindListener(address: address, port: port))
            return nil
        } catch let error as BindError {
            if error.number == EACCES, port < 1024 {
                return
                    "\(address):\(port): ports below 1024 are root's; a stack has them only where root starts it and the "
                    + "stack file is root's own"
            }
            guard error.number == EADDRINUSE else { return "\(address):\(port): \(error.reason)" }
            let holder = holder(of: port, address: address).map { " by \($0.name) (pid \($0.pid))" } ?? ""
            return "\(address):\(port) is taken\(holder)"
        } catch {
            return "\(address):\(port): \(error)"
        }
    }

    struct BindError: Error {
        var number: Int32
        var reason: String { String(cString: strerror(number)) }
    }

    /// A listening socket, close-on-exec.
    static func bindListener(address: String, port: Int, backlog: Int32 = 4096) throws -> Int32 {
        let descriptor = try bindSocket(address: address, port: port, option: SO_REUSEADDR)
        guard listen(descriptor, backlog) == 0 else {
            let error = BindError(number: errno)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// A socket that does not listen, close-on-exec. Sockets of the same user that ask for it may share its port.
    static func bindShared(address: String, port: Int) throws -> Int32 {
        try bindSocket(address: address, port: port, option: SO_REUSEPORT)
    }

    private static func bindSocket(address: String, port: Int, option: Int32) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw BindError(number: errno) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, option, &yes, socklen_t(MemoryLayout<Int32>.size))
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = in_port_t(UInt16(port)).bigEndian
        inet_pton(AF_INET, address, &target.sin_addr)
        let isBound = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound else {
            let error = BindError(number: errno)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Whether a descriptor is a socket that listens on this address and port.
    static func isListening(_ descriptor: Int32, address: String, port: Int) -> Bool {
        var flag: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &flag, &size) == 0, flag != 0 else { return false }
        var bound = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isNamed = withUnsafeMutablePointer(to: &bound) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        var wanted = in_addr()
        inet_pton(AF_INET, address, &wanted)
        return isNamed && bound.sin_family == sa_family_t(AF_INET) && bound.sin_addr.s_addr == wanted.s_addr
            && in_port_t(bigEndian: bound.sin_port) == in_port_t(UInt16(port))
    }

    /// The program that listens on a port; nil when it cannot be seen (another user's).
    static func holder(of port: Int, address: String) -> (name: String, pid: Int32)? {
        let inodes = Set(
            listeningInodes(port: port, address: address, table: "/proc/net/tcp")
                + listeningInodes(port: port, address: address, table: "/proc/net/tcp6"))
        return inodes.isEmpty ? nil : program(holding: inodes)
    }

    private static func program(holding inodes: Set<String>) -> (name: String, pid: Int32)? {
        let files = FileManager.default
        for pid in (try? files.contentsOfDirectory(atPath: "/proc"))?.compactMap({ Int32($0) }) ?? [] {
            guard !inodes.isDisjoint(with: sockets(of: pid)) else { continue }
            let program = (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8))?
                .trimmingCharacters(in: .whitespacesAndNewlines)
            return (program ?? "a program", pid)
        }
        return nil
    }

    /// The inodes of the sockets that a process has open.
    static func sockets(of pid: Int32) -> Set<String> {
        let files = FileManager.default
        let names = (try? files.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
        return Set(
            names.compactMap { name in
                guard let target = try? files.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)"),
                    target.hasPrefix("socket:[")
                else { return nil }
                return String(target.dropFirst(8).dropLast())
            })
    }

    /// proc(5), /proc/net/tcp: fields 1 (local address, hex), 3 (state, 0A is LISTEN) and 9 (inode).
    private static func listeningInodes(port: Int, address: String, table: String) -> [String] {
        let text = ProcFile.whole(table)
        let clashing = clashingAddresses(address)
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A" else { return nil }
            let local = fields[1].split(separator: ":")
            // Other stacks listen on the same ports, on addresses of their own.
            guard local.count == 2, Int(local[1], radix: 16) == port, clashing.all.contains(String(local[0])) else {
                return nil
            }
            return String(fields[9])
        }
    }

    /// The address itself and those that stand for all, IPv4 and IPv6, as the kernel prints them: 32-bit words in the
    /// machine's byte order.
    static func clashingAddresses(_ address: String) -> ClashingAddresses {
        var parsed = in_addr()
        inet_pton(AF_INET, address, &parsed)
        let hex = String(parsed.s_addr, radix: 16, uppercase: true)
        let word = String(repeating: "0", count: 8 - hex.count) + hex
        let zero = String(repeating: "0", count: 8)
        let mapped = UInt32(0xffff).bigEndian
        let mappedHex = String(mapped, radix: 16, uppercase: true)
        let prefix = zero + zero + String(repeating: "0", count: 8 - mappedHex.count) + mappedHex
        return ClashingAddresses(
            word: word, mapped: prefix + word,
            all: [word, zero, zero + zero + zero + zero, prefix + word, prefix + zero])
    }

    struct ClashingAddresses {
        var word: String
        /// The same in IPv6.
        var mapped: String
        /// These, and those that stand for all.
        var all: Set<String>
    }
}

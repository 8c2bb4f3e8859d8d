import CTandemSystem
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
            return error.words(address: address, port: port)
        } catch {
            return "\(address):\(port): \(error)"
        }
    }

    public struct BindError: Error {
        var number: Int32
        public var reason: String { String(cString: strerror(number)) }

        func words(address: String, port: Int) -> String {
            if number == EACCES, port < 1024 {
                return
                    "\(address):\(port): ports below 1024 are root's; a stack has them only where root starts it and the "
                    + "stack file is root's own"
            }
            guard number == EADDRINUSE else { return "\(address):\(port): \(reason)" }
            let holder = holder(of: port, address: address).map { " by \($0.name) (pid \($0.pid))" } ?? ""
            return "\(address):\(port) is taken\(holder)"
        }
    }

    /// A listening socket, close-on-exec.
    public static func bindListener(address: String, port: Int, backlog: Int32 = 4096) throws -> Int32 {
        let descriptor = try bindSocket(address: address, port: port, option: SO_REUSEADDR)
        guard listen(descriptor, backlog) == 0 else {
            let error = BindError(number: errno)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// A socket that does not listen, close-on-exec. Sockets of the same user that ask for it may share its port.
    /// - Parameter mayBeElsewhere: the address may be another machine's at this moment (IP_FREEBIND, ip(7)).
    public static func bindShared(address: String, port: Int, mayBeElsewhere: Bool = false) throws -> Int32 {
        try bindSocket(address: address, port: port, option: SO_REUSEPORT, mayBeElsewhere: mayBeElsewhere)
    }

    private static func bindSocket(
        address: String, port: Int, option: Int32, mayBeElsewhere: Bool = false
    ) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw BindError(number: errno) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, option, &yes, socklen_t(MemoryLayout<Int32>.size))
        if mayBeElsewhere {
            setsockopt(descriptor, Int32(IPPROTO_IP), IP_FREEBIND, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
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
    public static func isListening(_ descriptor: Int32, address: String, port: Int) -> Bool {
        guard isListening(descriptor) else { return false }
        return place(of: descriptor) == "\(address):\(port)"
    }

    private static func isListening(_ descriptor: Int32) -> Bool {
        var flag: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &flag, &size) == 0 && flag != 0
    }

    /// pidfd_getfd(2): a copy of another process's listening socket, close-on-exec. The kernel grants it to those who
    /// may debug that process.
    /// - Parameter place: what it has to be bound to, `ADDRESS:PORT`.
    public static func copy(_ descriptor: Int32, of owner: ProcessIdentity, at place: String) -> Int32? {
        guard owner.isAlive else { return nil }
        let handle = tandem_pidfd_open(owner.pid)
        guard handle >= 0 else { return nil }
        defer { close(handle) }
        let copy = tandem_pidfd_getfd(handle, descriptor)
        guard copy >= 0 else { return nil }
        if owner.isAlive, isListening(copy), Self.place(of: copy) == place { return copy }
        close(copy)
        return nil
    }

    /// What a socket is bound to, as `ADDRESS:PORT`; nil for what is none of IPv4's.
    static func place(of descriptor: Int32) -> String? {
        var bound = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isNamed = withUnsafeMutablePointer(to: &bound) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        guard isNamed, bound.sin_family == sa_family_t(AF_INET) else { return nil }
        let octets = withUnsafeBytes(of: bound.sin_addr.s_addr) { $0.map(String.init) }
        return "\(octets.joined(separator: ".")):\(in_port_t(bigEndian: bound.sin_port))"
    }

    /// The program that listens on a port; nil when it cannot be seen (another user's).
    static func holder(of port: Int, address: String) -> (name: String, pid: Int32)? {
        ListeningSockets.now().clashing(with: address, port).lazy.compactMap(\.program).first
    }
}

import Foundation
import Glibc

@testable import TandemAgent

/// A TCP connection of a test's own; closed with the value. Its calls block, so they belong on a thread: see `ask`.
final class Connection: Sendable {
    private let descriptor: Int32

    init?(_ address: String, _ port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // Longer than anything here takes: a hang fails the test instead of holding it up.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        name.sin_addr.s_addr = inet_addr(address)
        let isConnected = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if !isConnected { return nil }
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        _ = text.withCString { Glibc.send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }

    /// All until the other side closes; nil if it does not, or resets.
    func readToEnd() -> String? {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return String(decoding: all, as: UTF8.self) }
            if count < 0 { return nil }
            all += buffer[..<count]
        }
    }

    /// Says something, in pieces, and reads what comes of it.
    func conversation(_ pieces: [String]) -> String? {
        for piece in pieces {
            send(piece)
            if pieces.count > 1 { usleep(20_000) }
        }
        return readToEnd()
    }

    /// What comes when nothing is said, without holding up Swift's own threads.
    func answer() async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in continuation.resume(returning: conversation([])) }
        }
    }
}

/// One question to a server that answers and closes; nil when it cannot be reached.
func ask(_ address: String, _ port: Int, _ pieces: String...) async -> String? {
    // To connect may block, too. One thread does all of it: who connects and then says nothing for a while is cut off.
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: Connection(address, port)?.conversation(pieces)) }
    }
}

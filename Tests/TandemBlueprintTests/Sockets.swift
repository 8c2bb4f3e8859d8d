import Foundation
import Synchronization
import TandemBlueprint

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

private let stream = Int32(SOCK_STREAM.rawValue)

private func withAddress<Result>(
    _ address: String, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = in_port_t(port).bigEndian
    name.sin_addr.s_addr = inet_addr(address)
    return withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

/// A connection to a server of the test; closed with the value.
final class Session: Sendable {
    private let descriptor: Int32

    init?(address: String, port: Int) {
        descriptor = socket(AF_INET, stream, 0)
        // Longer than anything here takes: a hang fails the test instead of holding it up.
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard withAddress(address, port, { connect(descriptor, $0, $1) }) == 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// What the server calls itself, or nil if the connection ends instead.
    func answer() -> String? {
        guard send(descriptor, "?", 1, Int32(MSG_NOSIGNAL)) == 1 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }

    /// Waits until the other side ends the connection; false if it does not.
    func isCutByPeer() -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        return count == 0 || (count < 0 && errno == ECONNRESET)
    }
}

/// A server that answers each message with its name; without a name, an agent that answers the router's questions.
final class Server: Sendable {
    private struct State {
        var verdicts: [String: RouterVerdict] = [:]
        var isStopped = false
    }

    private let descriptor: Int32
    private let name: String?
    private let state = Mutex(State())

    init(address: String, port: Int, name: String? = nil) throws {
        self.name = name
        descriptor = socket(AF_INET, stream, 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress(address, port, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 128) == 0 else {
            throw TestEngines.Missing(description: "cannot listen on \(address):\(port): errno \(errno)")
        }
        Thread.detachNewThread { [self] in accept() }
    }

    func say(_ verdict: RouterVerdict, _ purpose: RouterQuestion.Purpose, _ host: String) {
        let question = RouterQuestion(purpose: purpose, host: host)
        state.withLock { $0.verdicts[question.line] = verdict }
    }

    /// Refuses connections from now on.
    func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private func accept() {
        while !state.withLock({ $0.isStopped }) {
            #if canImport(Glibc)
                let client = Glibc.accept(descriptor, nil, nil)
            #else
                let client = Darwin.accept(descriptor, nil, nil)
            #endif
            guard client >= 0 else { return }
            Thread.detachNewThread { [self] in serve(client) }
        }
    }

    private func serve(_ client: Int32) {
        defer { close(client) }
        var buffer = [UInt8](repeating: 0, count: 256)
        while true {
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            guard name == nil else {
                reply(name ?? "", to: client)
                continue
            }
            let question = RouterQuestion(line: String(decoding: buffer.prefix(count), as: UTF8.self))
            if let verdict = question.flatMap({ asked in state.withLock { $0.verdicts[asked.line] } }) {
                reply(verdict.reply, to: client)
            }
            return
        }
    }

    private func reply(_ text: String, to client: Int32) {
        _ = text.withCString { send(client, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }
}

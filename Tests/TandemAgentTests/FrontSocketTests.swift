import Glibc
import Testing

@testable import TandemAgent

@Suite("The front's sockets")
struct FrontSocketTests {
    @Test("are told from any other descriptor by where they listen")
    func isListening() throws {
        let socket = try ListenerCheck.bindListener(address: "127.0.0.1", port: 0)
        defer { close(socket) }
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isNamed = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) == 0 }
        }
        let port = Int(in_port_t(bigEndian: name.sin_port))
        #expect(isNamed)
        #expect(ListenerCheck.isListening(socket, address: "127.0.0.1", port: port))
        #expect(!ListenerCheck.isListening(socket, address: "127.0.0.1", port: port + 1))
        #expect(!ListenerCheck.isListening(socket, address: "127.0.0.2", port: port))
        #expect(!ListenerCheck.isListening(0, address: "127.0.0.1", port: port))
        #expect(!ListenerCheck.isListening(-1, address: "127.0.0.1", port: port))
    }
}

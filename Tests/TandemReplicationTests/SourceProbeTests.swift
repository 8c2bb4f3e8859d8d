import Foundation
import Glibc
import MySQLTestServer
import TandemFailover
import Testing

@testable import TandemReplication

@Suite("A look waits for its source's answer")
struct SourceProbeTests {
    /// A listening socket on which the kernel accepts connections and no program ever answers, like a MySQL server that
    /// hangs while it closes.
    private final class SilentServer {
        let socket: Int32
        let port: Int

        init() throws {
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            self.socket = socket
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let found = withUnsafeMutablePointer(to: &place) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(socket, address, length) == 0 && listen(socket, 8) == 0
                        && getsockname(socket, address, &length) == 0
                }
            }
            port = Int(UInt16(bigEndian: place.sin_port))
            try #require(found)
        }

        deinit { Glibc.close(socket) }
    }

    private func probe(_ server: SilentServer) async throws -> SourceProbe {
        let address = DatabaseServerSettings.Address(address: "127.0.0.1", port: server.port)
        let settings = DatabaseServerSettings(
            host: HostID(0), names: HostNames(["server1", "server2"]), servers: [HostID(1): address],
            socketPath: "/nowhere", caFile: try await SharedServer.server.caFile,
            bootstrap: Bootstrap(database: "shop", appUser: "shop", appReadUser: "shop_read", secrets: secrets),
            agentPassword: "", closerPassword: "", replicationPasswords: [:])
        return SourceProbe(settings, address, logger: quietLogger)
    }

    @Test("and no longer from the moment on at which silence is expected, also where it waits already")
    func expectedSilence() async throws {
        let server = try SilentServer()
        // The connection itself is given up after a second. A machine may be slow, and not three times.
        for attempt in 1...3 {
            let probe = try await probe(server)
            let began = ContinuousClock.now
            async let answer = probe.executed(within: .seconds(60))
            try await Task.sleep(for: .milliseconds(50))
            await probe.expectSilence()
            #expect(await answer == nil)
            let took = ContinuousClock.now - began
            await probe.close()
            if took < .milliseconds(900) { return }
            #expect(attempt < 3, "it went on waiting, for \(took)")
        }
    }
}

import Foundation
import Glibc
import TandemServices
import TandemStack
import Testing

@testable import TandemAgent

private let ownName = ((try? String(contentsOfFile: "/proc/self/comm", encoding: .utf8)) ?? "").trimmingCharacters(
    in: .whitespacesAndNewlines)

@Suite("An address to listen on")
struct ListenerCheckTests {
    @Test("is free when nobody listens there, and stays free after it was looked at")
    func free() throws {
        for _ in 0..<3 { #expect(ListenerCheck.problem(address: "127.200.5.1", port: 24_001) == nil) }
    }

    @Test("is taken by the program and process that are named")
    func taken() throws {
        let socket = try ListenerCheck.bindListener(address: "127.200.5.1", port: 24_002)
        defer { close(socket) }
        #expect(
            ListenerCheck.problem(address: "127.200.5.1", port: 24_002)
                == "127.200.5.1:24002 is taken by \(ownName) (pid \(getpid()))")
        #expect(ListenerCheck.problem(address: "127.200.5.2", port: 24_002) == nil)
    }

    @Test("is taken by whom it says, though others listen on the same port elsewhere", arguments: ["127.200.5.3:", ""])
    func several(_ prefix: String) async throws {
        let port = prefix.isEmpty ? 24_004 : 24_003
        let folder = try TemporaryFolder()
        let other = try RunningProcess.start(
            ProcessSpecification(
                command: ["/usr/bin/openssl", "s_server", "-nocert", "-www", "-accept", "\(prefix)\(port)"],
                environment: [:],
                workingDirectory: "/", logFile: "\(folder.path)/log"))
        // Ours would be in the way of one that takes all addresses, so it comes second, where it can come at all.
        try await eventually("it listens") { Connection("127.200.5.3", port) != nil }
        let ours = try? ListenerCheck.bindListener(address: "127.200.5.4", port: port)
        defer { if let ours { close(ours) } }
        #expect(
            ListenerCheck.problem(address: "127.200.5.3", port: port)
                == "127.200.5.3:\(port) is taken by openssl (pid \(other.identity.pid))")
        await other.stop(signal: SIGKILL, bound: .seconds(5))
    }

    @Test("is an error with the reason when it is not this machine's, or needs more rights")
    func others() {
        #expect(
            ListenerCheck.problem(address: "192.0.2.1", port: 24_001)
                == "192.0.2.1:24001: Cannot assign requested address")
    }
}

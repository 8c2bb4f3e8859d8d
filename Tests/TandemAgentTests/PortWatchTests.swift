import Glibc
import NIOCore
import NIOPosix
import TandemBlueprint
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("What of another host answers, and is not the stack's")
struct PortWatchTests {
    private let hosts = (1...3).map { Host(name: "server\($0)", address: "127.0.0.\($0)", roles: [.app]) }

    private func watch(_ name: String, _ ports: [StrangePort]?) throws -> PortWatch {
        let host = try #require(hosts.first { $0.name == name })
        return try #require(
            PortWatch(host: host, among: hosts, interval: .seconds(60)) { asked in
                guard let ports else { throw StateError("no answer") }
                var status = HostStatus(host: asked.name, pid: 1, services: [], database: nil)
                status.strangePorts = ports
                return status
            })
    }

    @Test("is found by a connection to the next host, and forgotten where it answers no more")
    func answers() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.2", port: 0).get()
        let open = StrangePort(port: try #require(server.localAddress?.port), account: "redis")
        // Nothing listens there: it was closed by the time it was asked, or something keeps it shut.
        let shut = StrangePort(port: 1, account: "root")
        let watch = try watch(
            "server1", [shut, open, StrangePort(port: 0, account: "x"), StrangePort(port: 99_999, account: "x")])
        await watch.look()
        #expect(await watch.found == StrangeAnswers(host: "server2", ports: [open]))
        try await server.close()
        await watch.look()
        #expect(await watch.found == nil)
    }

    @Test("is looked for on the next host, after the last one on the first, and not on one that does not answer")
    func order() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let open = StrangePort(port: try #require(server.localAddress?.port), account: "root")
        for (name, ports, expected) in [
            ("server3", [open], "server1"), ("server1", [open], nil), ("server3", nil, nil),
        ] {
            let watch = try watch(name, ports)
            await watch.look()
            #expect(await watch.found?.host == expected, "\(name)")
        }
        try await server.close()
    }

    @Test("is nobody's business where all hosts are one machine, or there is one host")
    func none() {
        let stack = Stack.sample("127.80.0")
        #expect(PortWatch(host: stack.hosts[0], stack: stack) { _ in throw CancellationError() } == nil)
        #expect(
            PortWatch(host: hosts[0], among: [hosts[0]], interval: .seconds(1)) { _ in throw CancellationError() }
                == nil)
    }

    @Test("is what listens for others beside the stack and SSH")
    func strange() throws {
        let host = Host(name: "server1", address: "10.0.0.21", roles: [.web, .app, .database])
        var stack = Stack.sample("127.80.0")
        stack.hosts = [host]
        let layout = Layout(hostFolder: "/", socketFolder: "/", programs: .onSearchPath, front: nil)
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: layout)
        let places = [
            ("0.0.0.0", 22), ("10.0.0.21", 3306), ("127.0.0.1", 6379), ("::", 6380), ("10.0.0.99", 6381),
            ("10.0.0.21", 6382), ("0.0.0.0", 6382),
        ]
        let sockets = ListeningSockets(
            all: places.map { ListeningSocket(address: $0.0, port: $0.1, user: 0, inode: 1) })
        let found = PortWatch.strange(sockets, on: host, stack: stack, blueprint: blueprint)
        #expect(found == [StrangePort(port: 6380, account: "root"), StrangePort(port: 6382, account: "root")])
    }
}

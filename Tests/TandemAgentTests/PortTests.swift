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

@Suite("The ports of a stack")
struct PortPlanTests {
    private func plan(_ prefix: String, https: Port, http: Port) throws -> (TemporaryFolder, PortPlan) {
        let folder = try TemporaryFolder()
        var stack = Stack.sample(prefix)
        stack.balancer.httpsPort = https
        stack.balancer.httpPort = http
        return (folder, PortPlan(applied: .sample(stack), folder: StackFolder(in: folder)))
    }

    @Test("are as wanted when they are free")
    func free() throws {
        let (_, plan) = try plan("127.200.6", https: Port(27_001, isFixed: true), http: Port(27_002, isFixed: false))
        #expect(try plan.resolved() == plan.applied)
    }

    @Test("move out of the way at the front, unless the file fixes them, and never onto each other")
    func replaced() throws {
        let socket = try ListenerCheck.bindListener(address: "127.0.0.1", port: 27_011)
        defer { close(socket) }
        let (_, plan) = try plan("127.200.7", https: Port(27_011, isFixed: false), http: Port(27_012, isFixed: false))
        let balancer = try plan.resolved().stack.balancer
        #expect(balancer.httpsPort == Port(27_013, isFixed: false))
        #expect(balancer.httpPort == Port(27_012, isFixed: false))
    }

    @Test("are an error that names the holder when the file fixes them")
    func fixed() throws {
        let socket = try ListenerCheck.bindListener(address: "127.0.0.1", port: 27_021)
        defer { close(socket) }
        let (_, plan) = try plan("127.200.8", https: Port(27_021, isFixed: true), http: Port(27_022, isFixed: false))
        let message = "127.0.0.1:27021 is taken by \(ownName) (pid \(getpid())); end it, or choose another port"
        #expect(
            throws: StackFileProblems(problems: [.init(path: ["balancer", "https_port"], message: message)])
        ) { try plan.resolved() }
    }

    @Test("are an error that names host, service and holder for every one that is taken inside the stack")
    func inside() throws {
        let taken = [("127.200.10.13", Ports.web), ("127.200.10.14", Ports.mysql), ("127.200.10.11", Ports.agent)]
        let sockets = try taken.map { try ListenerCheck.bindListener(address: $0.0, port: $0.1) }
        defer { for socket in sockets { close(socket) } }
        let (_, plan) = try plan("127.200.10", https: Port(27_031, isFixed: false), http: Port(27_032, isFixed: false))
        let holder = "\(ownName) (pid \(getpid()))"
        #expect(
            throws: StateError(
                """
                lb1: agent: 127.200.10.11:8007 is taken by \(holder)
                server1: nginx: 127.200.10.13:4443 is taken by \(holder)
                server2: mysql: 127.200.10.14:3306 is taken by \(holder)
                End what is listening there, or choose other addresses or ports in the stack file.
                """)
        ) { try plan.resolved() }
    }
}

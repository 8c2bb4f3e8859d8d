import Foundation
import Glibc
import TandemAgent
import TandemStack
import Testing

@testable import TandemOperator

private typealias Port = TandemStack.Port

@Suite("The ports of a stack")
struct PortPlanTests {
    private let ownName = ((try? String(contentsOfFile: "/proc/self/comm", encoding: .utf8)) ?? "").trimmingCharacters(
        in: .whitespacesAndNewlines)

    /// - Parameter prefix: the first three octets of the hosts' addresses.
    private func plan(_ prefix: String, https: Port, http: Port) throws -> (TemporaryFolder, PortPlan) {
        let folder = try TemporaryFolder()
        var applied = Sample.applied()
        for index in applied.stack.hosts.indices { applied.stack.hosts[index].address = "\(prefix).\(11 + index)" }
        applied.stack.balancer.httpsPort = https
        applied.stack.balancer.httpPort = http
        return (folder, PortPlan(applied: applied, folder: StackFolder(path: "\(folder.path)/state", environment: [:])))
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

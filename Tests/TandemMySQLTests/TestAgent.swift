import Foundation
import HTTPTypes
import Hummingbird
import MySQLConnector
import NIOCore
import Synchronization
import TandemTopology

@testable import TandemMySQL

/// Serves `/topology` as an agent does, with what a test says.
final class TestAgent: Sendable {
    private struct State {
        var topology: Topology
        var version = 1
        var polls = 0
    }

    private let state: Mutex<State>
    let address: String
    let port: Int
    private let bell = Bell()

    init(address: String, port: Int = 8009, primary: MySQLConfiguration.Address, replica: MySQLConfiguration.Address) {
        self.address = address
        self.port = port
        state = Mutex(State(topology: Self.topology(epoch: 1, primary: ("one", primary), replica: ("two", replica))))
    }

    static func topology(
        epoch: Int, primary: (String, MySQLConfiguration.Address), replica: (String, MySQLConfiguration.Address),
        state: DatabaseMember.State = .open
    ) -> Topology {
        func member(_ name: String, _ place: MySQLConfiguration.Address, isPrimary: Bool) -> DatabaseMember {
            guard case .tcp(let host, let port) = place else { fatalError("agents name addresses") }
            return DatabaseMember(
                host: name, address: host, port: port, role: isPrimary ? .primary : .replica,
                state: isPrimary ? state : .streaming, lagSeconds: isPrimary ? nil : 0)
        }
        let members = [member(primary.0, primary.1, isPrimary: true), member(replica.0, replica.1, isPrimary: false)]
        return Topology(
            stack: "shop", epoch: epoch, primary: primary.0, sync: .pair, members: members.sorted { $0.host < $1.host })
    }

    var url: String { "http://\(address):\(port)/topology" }

    /// Questions asked so far.
    var polls: Int { state.withLock { $0.polls } }

    func say(_ topology: Topology) {
        state.withLock { state in
            state.topology = topology
            state.version += 1
        }
        bell.ring()
    }

    /// Runs until cancelled.
    func run() async throws {
        let router = Router()
        router.get("/topology") { request, _ in
            let after = request.uri.queryParameters["after"].flatMap { Int($0) } ?? 0
            let rings = self.bell.rings
            let version = self.state.withLock { state in
                state.polls += 1
                return state.version
            }
            if after == version { await self.bell.wait(after: rings, for: .seconds(5)) }
            let (topology, current) = self.state.withLock { ($0.topology, $0.version) }
            let body = try JSONEncoder().encode(topology)
            var response = Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: body)))
            if let name = HTTPField.Name("X-Tandem-Version") { response.headers[name] = "\(current)" }
            return response
        }
        try await Application(
            router: router, configuration: .init(address: .hostname(address, port: port), reuseAddress: true),
            logger: quietLogger
        ).run()
    }
}

extension Pair {
    /// A cluster that learns from an agent, which runs while the closure does.
    func with<Value: Sendable>(
        _ agent: TestAgent, _ adapt: (inout MySQLClusterConfiguration) -> Void = { _ in },
        _ body: (MySQLCluster) async throws -> Value
    ) async throws -> Value {
        let serving = Task { try await agent.run() }
        defer { serving.cancel() }
        var configuration = configuration()
        configuration.topology = .agent(url: agent.url)
        adapt(&configuration)
        return try await with(configuration, body)
    }
}

import Foundation
import Hummingbird
import HummingbirdCore
import NIOCore
import Synchronization
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

@Suite("What an agent says that somebody has taken over")
struct HostileAgentTests {
    private static let statistics = HostStatistics(
        host: "another", clockSeconds: 1e300,
        processes: [ProcessUse(service: "app", cpuSeconds: -1e300, residentBytes: .min)],
        balancer: [
            TrafficCounters(
                section: "front", server: nil, requests: .max, errors: .min, connections: .max,
                responseMilliseconds: .max)
        ], database: DatabaseCounters(statements: .min, connections: .max))

    private static let timeline = HostTimeline(
        host: "another", now: .max,
        seconds: .init(repeating: TrafficSecond(at: .min, requests: .max, errors: .max), count: 5_000),
        events: .init(repeating: HostEvent(at: .max, kind: .failed, service: nil), count: 5_000), until: .min)

    private static let topology = Topology(
        stack: "shop", epoch: .max, primary: "server1", sync: .pair,
        members: [
            DatabaseMember(
                host: "server1", address: "", port: 1, role: .replica, state: .streaming, lagSeconds: 1e300)
        ])

    /// Shows the agent's own certificate.
    private func application(_ server: AgentAPIServer) throws -> some ApplicationProtocol {
        let router = Router(context: AgentRequestContext.self)
        router.get("/statistics") { _, _ in try Response.json(Self.statistics) }
        router.get("/timeline") { _, _ in try Response.json(Self.timeline) }
        router.get("/topology") { _, _ in try Response.json(Self.topology) }
        let tls = try AgentTLS.server(
            certificate: server.ofAgent.0, key: server.ofAgent.1, ca: server.state.agentsCAFile)
        return Application(
            router: router,
            server: HTTPServerBuilder {
                CancellableChannel(
                    try AgentChannel(
                        responder: $0, tls: tls, idleTimeout: .seconds(90), handshakeBound: .seconds(10),
                        mostConnections: 100))
            }, configuration: .init(address: .hostname(AgentAPIServer.host.address, port: server.port)),
            logger: quietLogger)
    }

    @Test("comes in with numbers that can be true, whatever it is asked for")
    func bounds() async throws {
        let server = try await AgentAPIServer()
        let host = AgentAPIServer.host
        let client = try AgentClient(
            stack: "shop", hosts: [host], certificate: server.own.0, key: server.own.1,
            ca: server.state.agentsCAFile, port: server.port)
        let heard = Mutex<(HostStatistics, HostTimeline, Topology)?>(nil)
        do {
            try await server.run(application(server)) { _ in
                // The timeline has ten thousand entries, which take a busy machine longer than the two seconds that are
                // usual.
                let bound = Duration.seconds(60)
                let statistics = try await client.statistics(of: host, timeout: bound)
                let timeline = try await client.timeline(of: host, after: 0, timeout: bound)
                let topology = try await client.topology(from: host, timeout: bound)
                heard.withLock { $0 = (statistics, timeline, topology) }
            }
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
        let (statistics, timeline, topology) = try #require(heard.withLock { $0 })
        #expect(statistics == Self.statistics.bounded && statistics != Self.statistics)
        #expect(timeline == Self.timeline.bounded && timeline.events.isEmpty)
        #expect(topology == Self.topology.bounded && topology != Self.topology)
    }
}

import AsyncHTTPClient
import Foundation
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization
import TandemBlueprint
import TandemPKI
import TandemStack
import TandemTopology
import Testing

@testable import TandemAgent

/// The interface of one agent on a port of its own, with the certificates that `tandem up` makes.
final class AgentAPIServer: Sendable {
    static let host = Host(name: "server1", address: "127.200.12.13", roles: [.web, .app, .database])

    let folder: TemporaryFolder
    let state: StackFolder
    let board: TopologyBoard
    let port: Int
    private let agent: HostAgent
    private let peers: PeerRoute?
    private let alerts: AlertRoute?

    private static let nextPort = Mutex(24_200)

    /// - Parameter hasLooked: whether the agent has seen its own database yet.
    init(hasLooked: Bool = true, peers: PeerRoute? = nil, alerts: AlertRoute? = nil) async throws {
        self.peers = peers
        self.alerts = alerts
        folder = try TemporaryFolder()
        port = Self.nextPort.withLock { port in
            port += 1
            return port
        }
        let preparation = StackPreparation(.sample("127.200.12"), in: folder)
        state = preparation.folder
        try preparation.makeFolders()
        try await preparation.writeSecrets(environment: [:])
        try preparation.writeCertificates()
        try preparation.write(preparation.applied)
        agent = try HostAgent(hostName: Self.host.name, folder: state, logger: quietLogger)
        board = TopologyBoard(
            stack: "shop", placement: Placement(epoch: 1, primary: "server1", partner: "server2"),
            members: [Self.member(.open, partner: "server2")])
        // As the agent does when it has looked at its own.
        if hasLooked { await board.set(Self.member(.open, partner: "server2")) }
    }

    static func member(_ state: DatabaseMember.State, partner: String? = nil) -> DatabaseMember {
        DatabaseMember(
            host: host.name, address: host.address, port: 3306, role: .primary, state: state, partner: partner)
    }

    /// Runs the interface while the closure runs, with a client of it.
    /// - Parameters:
    ///   - certificate: files of a certificate and its key that the client shows.
    ///   - own: those that the server shows; the agent's if nil.
    func run(
        showing certificate: (String, String)? = nil, as own: (String, String)? = nil,
        handshakeBound: TimeAmount = .seconds(10), mostConnections: Int = 100,
        _ body: @escaping @Sendable (HTTPClient) async throws -> Void
    ) async throws {
        let shown = own ?? ofAgent
        var api = AgentAPI(agent: agent, board: board, host: Self.host, stack: "shop")
        api.peers = peers
        api.alerts = alerts
        api.handshakeBound = handshakeBound
        api.mostConnections = mostConnections
        let application = try api.application(
            address: Self.host.address, port: port,
            tls: AgentTLS.server(certificate: shown.0, key: shown.1, ca: state.agentsCAFile),
            logger: quietLogger)
        try await run(application, showing: certificate, body)
    }

    func run(
        _ application: some ApplicationProtocol, showing certificate: (String, String)? = nil,
        _ body: @escaping @Sendable (HTTPClient) async throws -> Void
    ) async throws {
        let client = try client(certificate)
        // Both clients must be closed whatever happens, or they end the whole test process.
        let result = await Result { () async throws -> Void in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                try await eventually("it listens") { Connection(Self.host.address, self.port) != nil }
                try await body(client)
                group.cancelAll()
            }
        }
        try await client.shutdown()
        try await agent.shutdown()
        try? FileManager.default.removeItem(atPath: state.socketRoot)
        try result.get()
    }

    private func client(_ certificate: (String, String)?) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        if let (file, key) = certificate {
            configuration.tlsConfiguration = try AgentTLS.client(certificate: file, key: key, ca: state.agentsCAFile)
        } else {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(state.agentsCAFile)
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(configuration: configuration)
    }

    /// What other agents show.
    var ofAgent: (String, String) { ofAgent(Self.host.name) }

    func ofAgent(_ host: String) -> (String, String) {
        (state.agentCertificateFile(host), state.agentKeyFile(host))
    }

    /// What a host's servers show, which can read their keys.
    func ofService(_ kind: CertificateIdentity.Kind) throws -> (String, String) {
        let layout = { [state] in state.layout(host: $0, applied: .sample(.sample("127.200.12"))) }
        switch kind {
        case .web: return (layout("server1").webCertificateFile, layout("server1").webKeyFile)
        case .database: return (layout("server1").databaseCertificateFile, layout("server1").databaseKeyFile)
        case .balancer: return (layout("lb1").balancerBundleFile, layout("lb1").balancerBundleFile)
        case .front: return (layout("lb1").frontBundleFile, layout("lb1").frontBundleFile)
        case .store: return (layout("server1").storeCertificateFile, layout("server1").storeKeyFile)
        case .storeClient: return (state.storeCertificateFile("server1"), state.storeKeyFile("server1"))
        case .agent, .commandLine, .monitor: throw StateError("no service's of this stack")
        }
    }

    /// A certificate that one of the stack's own authorities signs for this test.
    func signed(
        _ identity: CertificateIdentity, byAgents: Bool, names: [String], addresses: [String] = []
    ) throws -> (String, String) {
        let files = byAgents ? (state.agentsCAFile, state.agentsCAKeyFile) : (state.caFile, state.caKeyFile)
        let authority = try CertificateAuthority(
            certificatePEM: String(contentsOfFile: files.0, encoding: .utf8),
            keyPEM: String(contentsOfFile: files.1, encoding: .utf8))
        let issued = try authority.issue(
            CertificateRequest(identity, commonName: "client.shop.tandem.internal", names: names, addresses: addresses),
            now: Date())
        try folder.put("signed.pem", issued.certificatePEM)
        try folder.put("signed-key.pem", issued.keyPEM)
        return ("\(folder.path)/signed.pem", "\(folder.path)/signed-key.pem")
    }

    /// What the command line shows.
    var own: (String, String) { (state.clientCertificateFile, state.clientKeyFile) }

    struct Answer {
        var code: UInt
        var body: String
        var version: Int?
    }

    func answer(
        _ client: HTTPClient, _ path: String, _ method: HTTPMethod = .GET
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "https://\(Self.host.address):\(port)\(path)")
        request.method = method
        let response = try await client.execute(request, timeout: .seconds(20))
        let body = try await response.body.collect(upTo: 1 << 20)
        return Answer(
            code: response.status.code, body: String(buffer: body),
            version: response.headers.first(name: TopologyRoute.versionHeader).flatMap { Int($0) })
    }
}

@Suite("An agent over HTTPS")
struct AgentAPITests {
    @Test("tells anybody whether it is there, and whether this host leads or may be read from")
    func withoutCertificate() async throws {
        let server = try await AgentAPIServer()
        try await server.run { client async throws -> Void in
            func code(_ path: String) async throws -> UInt { try await server.answer(client, path).code }
            #expect(try await server.answer(client, "/health").body == "yes\n")
            #expect(try await code("/primary") == 200)
            #expect(try await code("/replica") == 503)
            await server.board.set(AgentAPIServer.member(.failed))
            #expect(try await code("/primary") == 503)
            var replica = AgentAPIServer.member(.streaming)
            replica.role = .replica
            replica.lagSeconds = 3
            await server.board.set(replica)
            #expect(try await code("/primary") == 503)
            #expect(try await code("/replica") == 200)
            #expect(try await code("/replica?lag=3") == 200)
            #expect(try await code("/replica?lag=2.9") == 503)
            #expect(try await code("/replica?lag=nan") == 503)
            #expect(try await server.answer(client, "/replica?lag=2").body == "no\n")
            #expect(try await code("/nowhere") == 404)
        }
    }

    @Test(
        "tells and does nothing else for callers without a certificate of the stack",
        arguments: [
            (HTTPMethod.GET, "/status"), (.GET, "/topology"), (.GET, "/database"), (.GET, "/metrics"),
            (.POST, "/failover/pause"), (.POST, "/failover/force?epoch=1"), (.POST, "/stop/mysql"), (.POST, "/stop/x"),
        ])
    func refused(_ method: HTTPMethod, _ path: String) async throws {
        let server = try await AgentAPIServer()
        try await server.run { client async throws -> Void in
            let answer = try await server.answer(client, path, method)
            #expect(answer.code == 403)
            #expect(answer.body.contains("show a certificate of this stack's CA"))
        }
    }

    @Test("breaks off with callers whose certificate another authority signed")
    func otherAuthority() async throws {
        let server = try await AgentAPIServer()
        let other = try CertificateAuthority(
            stack: "shop", scope: CertificateScope(domains: ["shop.tandem.internal"], networks: []), now: Date())
        let identity = CertificateIdentity(stack: "shop", kind: .commandLine)
        let issued = try other.issue(CertificateRequest(identity, commonName: "x"), now: Date())
        try server.folder.put("cert.pem", issued.certificatePEM)
        try server.folder.put("key.pem", issued.keyPEM)
        try await server.run(showing: ("\(server.folder.path)/cert.pem", "\(server.folder.path)/key.pem")) {
            client async throws -> Void in
            await #expect(throws: (any Error).self) { try await server.answer(client, "/health") }
        }
    }

    @Test("tells another agent what it asks, and does for nobody but the command line what changes anything")
    func withAgentsCertificate() async throws {
        let server = try await AgentAPIServer()
        try await server.run(showing: server.ofAgent("server2")) { client async throws -> Void in
            for path in ["/status", "/topology", "/database", "/metrics"] {
                #expect(try await server.answer(client, path).code == 200, "\(path)")
            }
            for path in [
                "/failover/pause", "/failover/resume", "/failover/switchover?to=server2", "/failover/force?epoch=1",
                "/failover/rebuild", "/store/leave", "/stop/mysql", "/check", "/apply", "/restart/mysql",
                "/jobs/digest",
            ] {
                let answer = try await server.answer(client, path, .POST)
                #expect(answer.code == 403, "\(path)")
                #expect(answer.body.contains("only the command line's own certificate"), "\(path)")
            }
        }
    }

    @Test("shows a monitor its figures and nothing else")
    func withMonitorsCertificate() async throws {
        let server = try await AgentAPIServer()
        let identity = CertificateIdentity(stack: "shop", kind: .monitor, host: "lb1")
        let shown = try server.signed(identity, byAgents: true, names: ["lb1.monitor.shop.tandem.internal"])
        try await server.run(showing: shown) { client async throws -> Void in
            #expect(try await server.answer(client, "/metrics").code == 200)
            for path in ["/status", "/topology", "/database", "/statistics", "/timeline", "/store", "/failover"] {
                #expect(try await server.answer(client, path).code == 403, "\(path)")
            }
            for path in ["/stop/mysql", "/apply", "/failover/pause"] {
                #expect(try await server.answer(client, path, .POST).code == 403, "\(path)")
            }
        }
    }

    @Test(
        "breaks off with callers who show the certificate of HAProxy, nginx or mysqld",
        arguments: [CertificateIdentity.Kind.web, .balancer, .front, .database, .store, .storeClient])
    func withServicesCertificate(_ kind: CertificateIdentity.Kind) async throws {
        let server = try await AgentAPIServer()
        try await server.run(showing: server.ofService(kind)) { client async throws -> Void in
            await #expect(throws: (any Error).self) { try await server.answer(client, "/health") }
        }
    }

    @Test("does not know the command line by names of the DNS, whoever chose them")
    func withOthersNames() async throws {
        for identity in [
            CertificateIdentity(stack: "shop", kind: .balancer, host: "lb1"),
            CertificateIdentity(stack: "other", kind: .commandLine),
        ] {
            let server = try await AgentAPIServer()
            let names = ["client.shop.tandem.internal", "command-line.shop.tandem.internal"]
            try await server.run(showing: server.signed(identity, byAgents: true, names: names)) {
                client async throws -> Void in
                #expect(try await server.answer(client, "/check", .POST).code == 403)
                #expect(try await server.answer(client, "/status").code == 403)
            }
        }
    }

    @Test(
        "is not taken for another server of the stack: neither mysqld nor nginx nor another host's agent passes for it")
    func impostors() async throws {
        /// - Parameter patience: one that is refused is tried again and again for so long.
        func status(
            within patience: Duration = .seconds(30), as shown: (AgentAPIServer) throws -> (String, String)
        ) async throws -> Bool {
            let server = try await AgentAPIServer()
            let client = try AgentClient(
                stack: "shop", hosts: [AgentAPIServer.host], certificate: server.own.0, key: server.own.1,
                ca: server.state.agentsCAFile, port: server.port)
            let result = Mutex(false)
            try await server.run(as: shown(server)) { _ async throws -> Void in
                let answer = try? await client.status(of: AgentAPIServer.host, timeout: patience)
                result.withLock { $0 = answer != nil }
            }
            await client.shutdown()
            return result.withLock { $0 }
        }
        #expect(try await status { $0.ofAgent })
        #expect(try await !status(within: .seconds(5)) { $0.ofAgent("server2") })
        #expect(try await !status(within: .seconds(5)) { try $0.ofService(.web) })
        #expect(try await !status(within: .seconds(5)) { try $0.ofService(.database) })
        // Whatever its names say.
        let agent = CertificateIdentity(stack: "shop", kind: .agent, host: "server1")
        for byAgents in [true, false] {
            let names = ["server1.agent.shop.tandem.internal"]
            let isTaken = try await status(within: .seconds(byAgents ? 30 : 5)) {
                try $0.signed(agent, byAgents: byAgents, names: names)
            }
            #expect(isTaken == byAgents)
        }
    }

    @Test("is believed under the stack's names alone, though the authority's key had signed for a bank")
    func otherSites() async throws {
        for (name, isBelieved) in [("www.shop.tandem.internal", true), ("localhost", true), ("bank.example", false)] {
            let server = try await AgentAPIServer()
            let shown = try server.signed(
                CertificateIdentity(stack: "shop", kind: .front, host: "lb1"), byAgents: false, names: [name])
            var configuration = HTTPClient.Configuration()
            configuration.tlsConfiguration = AgentTLS.client(ca: server.state.caFile)
            configuration.dnsOverride = [name: AgentAPIServer.host.address]
            let visitor = HTTPClient(configuration: configuration)
            let answers = Mutex(false)
            try await server.run(as: shown) { _ async throws -> Void in
                let request = HTTPClientRequest(url: "https://\(name):\(server.port)/health")
                let patience = TimeAmount.seconds(isBelieved ? 30 : 5)
                let status = try? await visitor.execute(request, timeout: patience).status
                answers.withLock { $0 = status == .ok }
            }
            try await visitor.shutdown()
            #expect(answers.withLock { $0 } == isBelieved, "\(name)")
        }
    }

    @Test("closes a connection that does not come through the handshake, and no other")
    func silent() async throws {
        let server = try await AgentAPIServer()
        try await server.run(showing: server.own, handshakeBound: .seconds(3)) { client async throws -> Void in
            // A busy machine may miss the bound with the first handshake.
            try await eventually("it serves") { (try? await server.answer(client, "/status").code) == 200 }
            let silent = try #require(Connection(AgentAPIServer.host.address, server.port))
            #expect(await silent.answer() == "")
            // The same connection as before.
            #expect(try await server.answer(client, "/status").code == 200)
        }
    }

    @Test("closes connections beyond the bound at once, and serves again when there are fewer")
    func crowd() async throws {
        let server = try await AgentAPIServer()
        try await server.run(showing: server.own, mostConnections: 5) { client async throws -> Void in
            var silent = (0..<5).compactMap { _ in Connection(AgentAPIServer.host.address, server.port) }
            #expect(silent.count == 5)
            let beyond = try #require(Connection(AgentAPIServer.host.address, server.port))
            #expect(await beyond.answer() ?? "" == "")
            silent = []
            try await eventually("it serves") { (try? await server.answer(client, "/status").code) == 200 }
        }
    }

    @Test("tells all to callers with the command line's certificate")
    func withCertificate() async throws {
        let server = try await AgentAPIServer()
        try await server.run(showing: server.own) { client async throws -> Void in
            func body<T: Decodable>(_ type: T.Type, _ path: String) async throws -> T {
                try JSONDecoder().decode(type, from: Data(try await server.answer(client, path).body.utf8))
            }
            let status = try await body(HostStatus.self, "/status")
            #expect(status.host == "server1" && status.pid == ProcessInfo.processInfo.processIdentifier)
            let topology = try await body(Topology.self, "/topology")
            #expect(topology.primary == "server1" && topology.sync == .waiting)
            #expect(
                try await body(DatabaseMember.self, "/database") == AgentAPIServer.member(.open, partner: "server2"))
            let metrics = try await server.answer(client, "/metrics").body
            #expect(metrics.contains("\ntandem_database_writable 1\n"))
            #expect(metrics.contains("\ntandem_database_epoch 1\n"))
            #expect(try await server.answer(client, "/stop/mysql", .POST).code == 204)
            let unknown = try await server.answer(client, "/stop/x", .POST)
            #expect(unknown.code == 404 && unknown.body.contains("there is no service named 'x'"))
        }
    }

    @Test("tells the host's own app who is primary, plainly, with the same long poll, and tells it nothing else")
    func localDoor() async throws {
        let server = try await AgentAPIServer()
        let address = AgentAPIServer.host.address
        let application = TopologyRoute(board: server.board).application(
            address: address, port: server.port, logger: quietLogger)
        try await server.run(application) { client async throws -> Void in
            func get(_ path: String) async throws -> (code: UInt, version: Int?, body: String) {
                let url = "http://\(address):\(server.port)\(path)"
                let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
                let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
                let version = response.headers.first(name: TopologyRoute.versionHeader).flatMap { Int($0) }
                return (response.status.code, version, body)
            }
            let first = try await get("/topology")
            let topology = try JSONDecoder().decode(Topology.self, from: Data(first.body.utf8))
            #expect(topology.primary == "server1" && topology.epoch == 1)
            let seen = try #require(first.version)
            async let second = get("/topology?after=\(seen)&wait=15")
            await server.board.set(AgentAPIServer.member(.waiting, partner: "server2"))
            #expect(try #require(try await second.version) > seen)
            for path in ["/status", "/database", "/metrics", "/stop/mysql"] {
                #expect(try await get(path).code == 404)
            }
        }
    }

    @Test("says nothing of its database before it has looked at it")
    func beforeItHasLooked() async throws {
        let server = try await AgentAPIServer(hasLooked: false)
        try await server.run(showing: server.own) { client async throws -> Void in
            let answer = try await server.answer(client, "/database")
            #expect(answer.code == 503 && answer.body.contains("server1 has no database, or not yet"))
            await server.board.set(AgentAPIServer.member(.starting))
            #expect(try await server.answer(client, "/database").code == 200)
        }
    }

    @Test("holds a question back until there is news, and answers at once what is past")
    func longPoll() async throws {
        let server = try await AgentAPIServer()
        try await server.run(showing: server.own) { client async throws -> Void in
            let first = try await server.answer(client, "/database?after=0&wait=30")
            let seen = try #require(first.version)
            async let second = server.answer(client, "/database?after=\(seen)&wait=15")
            await server.board.set(AgentAPIServer.member(.waiting, partner: "server2"))
            let news = try await second
            #expect(try #require(news.version) > seen)
            #expect(news.body.contains(#""state":"waiting""#))
        }
    }

    @Test(
        "answers after the time that was asked for when there is no news",
        arguments: ["0.01", "0", "-1", "nan", "x", ""])
    func bounded(_ wait: String) async throws {
        let server = try await AgentAPIServer()
        try await server.run(showing: server.own) { client async throws -> Void in
            let version = await server.board.version
            let answer = try await server.answer(client, "/topology?after=\(version)&wait=\(wait)")
            #expect(answer.code == 200 && answer.version == version)
        }
    }
}

@Suite("Whether an app can serve")
struct ReadinessTests {
    @Test("is what it answers on its health path, and only 200 is yes")
    func answers() async throws {
        let router = Router()
        router.get("/:status") { _, context in
            Response(status: .init(code: try context.parameters.require("status", as: Int.self)))
        }
        let application = Application(
            router: router, server: .cancellable(idleTimeout: .seconds(10)),
            configuration: .init(address: .hostname("127.200.11.2", port: 24_110)),
            logger: quietLogger)
        let probe = ReadinessProbe(client: .shared)
        func isReady(_ path: String) async -> Bool {
            await probe.isReady(.http(address: "127.200.11.2", port: 24_110, path: path)) { false }
        }
        #expect(await !isReady("/200"), "nobody is there yet")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            try await eventually("it is there") { await isReady("/200") }
            for status in [204, 302, 401, 404, 500, 503] { #expect(await !isReady("/\(status)"), "\(status)") }
            group.cancelAll()
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

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
private final class Server: Sendable {
    static let host = Host(name: "server1", address: "127.200.12.13", roles: [.web, .app, .database])

    let folder: TemporaryFolder
    let state: StackFolder
    let board: TopologyBoard
    let port: Int
    private let agent: HostAgent

    private static let nextPort = Mutex(24_200)

    init() async throws {
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
        await board.set(Self.member(.open, partner: "server2"))
    }

    static func member(_ state: DatabaseMember.State, partner: String? = nil) -> DatabaseMember {
        DatabaseMember(
            host: host.name, address: host.address, port: 3306, role: .primary, state: state, partner: partner)
    }

    /// Runs the interface while the closure runs, with a client of it.
    /// - Parameter certificate: files of a certificate and its key that the client shows.
    func run(
        showing certificate: (String, String)? = nil, _ body: @escaping @Sendable (HTTPClient) async throws -> Void
    ) async throws {
        let layout = state.layout(host: Self.host.name, applied: .sample(.sample("127.200.12")))
        let application = try AgentAPI(agent: agent, board: board, host: Self.host, stack: "shop").application(
            address: Self.host.address, port: port,
            tls: AgentTLS.server(certificate: layout.certificateFile, key: layout.keyFile, ca: layout.caFile),
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
            configuration.tlsConfiguration = try AgentTLS.client(certificate: file, key: key, ca: state.caFile)
        } else {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(state.caFile)
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(configuration: configuration)
    }

    /// What other agents show. The servers of a host can read its key.
    var ofHost: (String, String) {
        let layout = state.layout(host: Self.host.name, applied: .sample(.sample("127.200.12")))
        return (layout.certificateFile, layout.keyFile)
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
        let server = try await Server()
        try await server.run { client async throws -> Void in
            func code(_ path: String) async throws -> UInt { try await server.answer(client, path).code }
            #expect(try await server.answer(client, "/health").body == "yes\n")
            #expect(try await code("/primary") == 200)
            #expect(try await code("/replica") == 503)
            await server.board.set(Server.member(.failed))
            #expect(try await code("/primary") == 503)
            var replica = Server.member(.streaming)
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
            (.POST, "/fence"), (.POST, "/stop/mysql"), (.POST, "/stop/x"),
        ])
    func refused(_ method: HTTPMethod, _ path: String) async throws {
        let server = try await Server()
        try await server.run { client async throws -> Void in
            let answer = try await server.answer(client, path, method)
            #expect(answer.code == 403)
            #expect(answer.body.contains("show a certificate of this stack's CA"))
        }
    }

    @Test("breaks off with callers whose certificate another authority signed")
    func otherAuthority() async throws {
        let server = try await Server()
        let other = try CertificateAuthority(stack: "shop", now: Date())
        let issued = try other.issue(CertificateRequest(commonName: "x", names: ["x"], addresses: []), now: Date())
        try server.folder.put("cert.pem", issued.certificatePEM)
        try server.folder.put("key.pem", issued.keyPEM)
        try await server.run(showing: ("\(server.folder.path)/cert.pem", "\(server.folder.path)/key.pem")) {
            client async throws -> Void in
            await #expect(throws: (any Error).self) { try await server.answer(client, "/health") }
        }
    }

    @Test("tells a host of the stack what it asks, and does for nobody but the command line what changes anything")
    func withHostsCertificate() async throws {
        let server = try await Server()
        try await server.run(showing: server.ofHost) { client async throws -> Void in
            for path in ["/status", "/topology", "/database", "/metrics"] {
                #expect(try await server.answer(client, path).code == 200, "\(path)")
            }
            for path in ["/fence", "/stop/mysql", "/check", "/apply", "/restart/mysql"] {
                let answer = try await server.answer(client, path, .POST)
                #expect(answer.code == 403, "\(path)")
                #expect(answer.body.contains("only the command line's own certificate"), "\(path)")
            }
        }
    }

    @Test("tells all to callers with a certificate of the stack")
    func withCertificate() async throws {
        let server = try await Server()
        try await server.run(showing: server.own) { client async throws -> Void in
            func body<T: Decodable>(_ type: T.Type, _ path: String) async throws -> T {
                try JSONDecoder().decode(type, from: Data(try await server.answer(client, path).body.utf8))
            }
            let status = try await body(HostStatus.self, "/status")
            #expect(status.host == "server1" && status.pid == ProcessInfo.processInfo.processIdentifier)
            let topology = try await body(Topology.self, "/topology")
            #expect(topology.primary == "server1" && topology.sync == .waiting)
            #expect(try await body(DatabaseMember.self, "/database") == Server.member(.open, partner: "server2"))
            let metrics = try await server.answer(client, "/metrics").body
            #expect(metrics.contains("\ntandem_database_writable 1\n"))
            #expect(metrics.contains("\ntandem_database_epoch 1\n"))
            #expect(try await server.answer(client, "/fence", .POST).code == 204)
            #expect(try await server.answer(client, "/stop/mysql", .POST).code == 204)
            let unknown = try await server.answer(client, "/stop/x", .POST)
            #expect(unknown.code == 404 && unknown.body.contains("there is no service named 'x'"))
        }
    }

    @Test("tells the host's own app who is primary, plainly, with the same long poll, and tells it nothing else")
    func localDoor() async throws {
        let server = try await Server()
        let address = Server.host.address
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
            await server.board.set(Server.member(.waiting, partner: "server2"))
            #expect(try #require(try await second.version) > seen)
            for path in ["/status", "/database", "/metrics", "/stop/mysql"] {
                #expect(try await get(path).code == 404)
            }
        }
    }

    @Test("holds a question back until there is news, and answers at once what is past")
    func longPoll() async throws {
        let server = try await Server()
        try await server.run(showing: server.own) { client async throws -> Void in
            let first = try await server.answer(client, "/database?after=0&wait=30")
            let seen = try #require(first.version)
            async let second = server.answer(client, "/database?after=\(seen)&wait=15")
            await server.board.set(Server.member(.waiting, partner: "server2"))
            let news = try await second
            #expect(try #require(news.version) > seen)
            #expect(news.body.contains(#""state":"waiting""#))
        }
    }

    @Test(
        "answers after the time that was asked for when there is no news",
        arguments: ["0.01", "0", "-1", "nan", "x", ""])
    func bounded(_ wait: String) async throws {
        let server = try await Server()
        try await server.run(showing: server.own) { client async throws -> Void in
            let version = await server.board.version
            let answer = try await server.answer(client, "/topology?after=\(version)&wait=\(wait)")
            #expect(answer.code == 200 && answer.version == version)
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

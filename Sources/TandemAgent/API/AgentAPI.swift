import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import TandemBlueprint
import TandemPKI
import TandemStack
import TandemTopology

/// What an agent answers, over HTTPS.
///
/// Without a certificate: `/health`, `/primary`, `/replica?lag=SECONDS` (200 or 503). With an agent's or the command
/// line's: `/status`, `/statistics`, `/timeline?after=SECOND`, `/topology` and `/database` (long poll with
/// `after=VERSION&wait=SECONDS`; the version is in the header `X-Tandem-Version`), `/store`, `/failover`, `/jobs/NAME`,
/// `/prepared`; with a monitor's, too, `/metrics`. With an agent's alone: `POST /peer`. With that of the host's own
/// monitor: `POST /alerts`. With the command line's alone: what `tandem down` needs, `POST /stop/SERVICE`, and what a
/// planned change of primary needs, `POST /failover/…`, and what changes need, `POST /check`, `POST /certificates`,
/// `POST /apply` and `POST /prepare` with settings, `POST /restart/SERVICE`, `POST /jobs/NAME` and `POST /store/leave`,
/// for settings name programs that we run. The certificates of HAProxy, nginx and mysqld are good for nothing here.
struct AgentAPI: Sendable {
    let agent: HostAgent
    let board: TopologyBoard
    let host: Host
    /// The stack's name.
    let stack: String
    var handshakeBound = AgentChannel.handshakeBound
    var mostConnections = AgentChannel.mostConnections
    /// nil: this agent takes no part in a failover.
    var peers: PeerRoute?
    /// Which agents have heard what this one says of its database.
    var hearing = PeerHearing()
    /// nil: no command is to be run for alerts.
    var alerts: AlertRoute?

    /// A silent connection is closed after this long; one whose request is being answered is not silent. Longer than
    /// clients keep theirs (60 s), so that none is closed just as it is used again.
    private static let idleTimeout = TimeAmount.seconds(90)

    func application(
        address: String, port: Int, tls: TLSConfiguration, logger: Logger,
        onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        Application(
            router: router(),
            server: HTTPServerBuilder { [handshakeBound, mostConnections] in
                CancellableChannel(
                    try AgentChannel(
                        responder: $0, tls: tls, idleTimeout: Self.idleTimeout, handshakeBound: handshakeBound,
                        mostConnections: mostConnections))
            },
            configuration: .init(address: .hostname(address, port: port), serverName: nil, reuseAddress: true),
            onServerRunning: onServerRunning, logger: logger)
    }

    func router() -> Router<AgentRequestContext> {
        let router = Router(context: AgentRequestContext.self)
        addHealth(to: router)
        let inner = router.group("").add(
            middleware: CertificateMiddleware(stack: stack, kinds: [.agent, .commandLine]))
        inner.get("/status") { _, _ in try await Response.json(agent.status()) }
        inner.get("/prepared") { _, _ in try Response.json(agent.prepared) }
        let shared = SharedStatistics()
        let statistics = { @Sendable in await shared.value { await agent.statisticsReader().read() } }
        inner.get("/statistics") { _, _ in
            try await Response.json(statistics())
        }
        inner.get("/timeline") { request, _ in
            let after = request.uri.queryParameters["after"].flatMap { Int($0) } ?? 0
            return try Response.json(await agent.recorder.timeline(of: host.name, after: after))
        }
        TopologyRoute(board: board).add(to: inner)
        peers?.add(to: router)
        alerts?.add(to: router)
        inner.get("/database") { request, context in
            if let caller = context.caller, caller.kind == .agent, let peer = caller.host,
                let after = request.uri.queryParameters["after"].flatMap({ Int($0) })
            {
                hearing.asked(peer, after: after)
            }
            let version = await TopologyRoute(board: board).waitIfAsked(request)
            // Not before it has looked: an agent that has just started would say of a server that serves that it does
            // not, and others would cut its sessions.
            guard let member = await board.knownMember(host.name) else {
                throw HTTPError(.serviceUnavailable, message: "\(host.name) has no database, or not yet")
            }
            return try Response.json(member, version: version)
        }
        let failover = FailoverRoute { await agent.seat }
        failover.addReading(to: inner)
        let jobs = JobRoute { await agent.jobs }
        jobs.addReading(to: inner)
        inner.get("/store") { _, _ in try Response.json(await agent.storeStanding) }
        // Prometheus reads this and nothing else.
        router.group("").add(middleware: CertificateMiddleware(stack: stack, kinds: [.agent, .commandLine, .monitor]))
            .get("/metrics") { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                    body: .init(byteBuffer: ByteBuffer(string: await agent.metrics(statistics(), board.topology))))
            }
        let own = router.group("").add(middleware: CertificateMiddleware(stack: stack, kinds: [.commandLine]))
        own.post("/stop/:service") { _, context in
            let name = try context.parameters.require("service")
            guard let service = ServiceName(rawValue: name) else {
                throw HTTPError(.notFound, message: "there is no service named '\(name)'")
            }
            await agent.stop(service)
            return Response(status: .noContent)
        }
        own.post("/failover/rebuild") { _, _ in try await answering { try await agent.rebuildDatabase() } }
        own.post("/store/leave") { _, _ in try await answering { try await agent.leaveStore() } }
        failover.addChanging(to: own) { try await answering($0) }
        jobs.addStarting(to: own)
        addChanges(to: own)
        return router
    }

    /// The largest settings that are taken, in bytes: a stack of thousands of hosts.
    private static let largestSettings = 4 * 1024 * 1024

    private func addChanges(to router: RouterGroup<AgentRequestContext>) {
        router.post("/check") { request, _ in
            try await answering { try await agent.check(try await settings(request)) }
        }
        router.post("/apply") { request, _ in
            try await answering { _ = try await agent.apply(try await settings(request)) }
        }
        router.post("/certificates") { request, _ in
            try await answering {
                let body = try await request.body.collect(upTo: Self.largestSettings)
                try agent.write(try JSONText.decode([HostFile].self, from: body.readableBytesView))
            }
        }
        router.post("/prepare") { request, _ in
            try await answering { try await agent.prepare(try await settings(request)) }
        }
        router.post("/restart/:service") { _, context in
            let name = try context.parameters.require("service")
            return try await answering { try await agent.restart(name) }
        }
    }

    private func settings(_ request: Request) async throws -> AppliedHost {
        let body = try await request.body.collect(upTo: Self.largestSettings)
        return try JSONText.decode(AppliedHost.self, from: body.readableBytesView)
    }

    /// 204; 422 with the refusal as JSON where a program refuses a file; 409 with the reason for anything else.
    private func answering(_ body: () async throws -> Void) async throws -> Response {
        do {
            try await body()
            return Response(status: .noContent)
        } catch let refusal as RefusedFile {
            var response = try Response.json(refusal)
            response.status = .unprocessableContent
            return response
        } catch {
            throw HTTPError(.conflict, message: "\(error)")
        }
    }

    private func addHealth(to router: Router<AgentRequestContext>) {
        router.get("/health") { _, _ in verdict(true) }
        router.get("/primary") { _, _ in
            let primary = await board.primary
            return verdict(primary?.host == host.name && primary?.takesWrites == true)
        }
        router.get("/replica") { request, _ in
            let bound = request.uri.queryParameters["lag"].flatMap { Double($0) } ?? RouterChecks.lagBoundSeconds
            let member = await board.member(host.name)
            return verdict(member?.role == .replica && member?.servesReads(lagBoundSeconds: bound) == true)
        }
    }

    private func verdict(_ isGood: Bool) -> Response {
        Response(
            status: isGood ? .ok : .serviceUnavailable, headers: [.contentType: "text/plain"],
            body: .init(byteBuffer: ByteBuffer(string: isGood ? "yes\n" : "no\n")))
    }
}

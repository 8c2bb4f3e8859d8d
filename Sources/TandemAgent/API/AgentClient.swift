import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
public import TandemBlueprint
public import TandemStack
public import TandemTopology

/// Calls the agents of a stack.
public struct AgentClient: Sendable {
    private let client: HTTPClient
    /// nil: agents are dialled by address.
    private let stack: String?
    private let port: Int

    init(client: HTTPClient, stack: String, port: Int = Ports.agent) {
        self.client = client
        self.port = port
        self.stack = stack
    }

    /// A client that shows the given certificate (PEM files), and accepts as server the agent of the host that it
    /// calls, and no other program. `shutdown` it when done.
    /// - Parameters:
    ///   - stack: the stack's name.
    ///   - hosts: all that will be called.
    public init(
        stack: String, hosts: [Host], certificate: String, key: String, ca: String, port: Int = Ports.agent
    ) throws {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = try AgentTLS.client(certificate: certificate, key: key, ca: ca)
        configuration.dnsOverride = Self.addresses(of: hosts, stack: stack)
        configuration.timeout.connect = .seconds(2)
        self.init(client: HTTPClient(configuration: configuration), stack: stack, port: port)
    }

    /// The names by which the client calls each host's agent. The agents' authority signs for agents and the command
    /// line only, so that no other server can take an agent's place and be handed what is meant for it.
    static func addresses(of hosts: [Host], stack: String) -> [String: String] {
        Dictionary(
            hosts.map { (Stack.agentName(of: $0.name, stack: stack), $0.address) },
            uniquingKeysWith: { first, _ in first })
    }

    /// A client without a certificate, which may ask whether an agent is well and nothing else. It does not expire.
    public init(ca: String) {
        stack = nil
        port = Ports.agent
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = AgentTLS.client(ca: ca)
        configuration.timeout.connect = .seconds(2)
        client = HTTPClient(configuration: configuration)
    }

    public func shutdown() async { try? await client.shutdown() }

    /// Whether the agent answers at all.
    public func isHealthy(_ host: Host, timeout: Duration = .seconds(5)) async -> Bool {
        let request = HTTPClientRequest(url: url(host, "/health"))
        return (try? await execute(request, host: host, timeout: timeout)) != nil
    }

    public func status(of host: Host, timeout: Duration = .seconds(2)) async throws -> HostStatus {
        try await get(HostStatus.self, from: host, path: "/status", timeout: timeout).value
    }

    public func statistics(of host: Host, timeout: Duration = .seconds(2)) async throws -> HostStatistics {
        try await get(HostStatistics.self, from: host, path: "/statistics", timeout: timeout).value.bounded
    }

    /// What the host's agent has counted and seen within the last hour, or the older part of it.
    /// - Parameter after: seconds since 1970; what is older is left out.
    public func timeline(of host: Host, after: Int, timeout: Duration = .seconds(2)) async throws -> HostTimeline {
        try await get(HostTimeline.self, from: host, path: "/timeline?after=\(after)", timeout: timeout).value.bounded
    }

    public func topology(from host: Host, timeout: Duration = .seconds(2)) async throws -> Topology {
        try await get(Topology.self, from: host, path: "/topology", timeout: timeout).value.bounded
    }

    /// Waits until the agent has news of its database.
    /// - Parameter version: of what was seen last, 0 at first.
    func database(of host: Host, after version: Int) async throws -> (value: DatabaseMember, version: Int) {
        let wait = 10
        return try await get(
            DatabaseMember.self, from: host, path: "/database?after=\(version)&wait=\(wait)",
            timeout: .seconds(wait + 5))
    }

    /// What the host's agent says of its etcd.
    func store(of host: Host, timeout: Duration) async throws -> StoreStanding {
        try await get(StoreStanding.self, from: host, path: "/store", timeout: timeout).value
    }

    /// Takes a host that leaves the stack out of etcd's members, and stops its etcd.
    public func leaveStore(_ host: Host, timeout: Duration) async throws {
        try await post("/store/leave", to: host, timeout: timeout)
    }

    /// How the failover stands, as the host's agent sees it.
    public func failover(of host: Host, timeout: Duration = .seconds(2)) async throws -> FailoverStatus {
        try await get(FailoverStatus.self, from: host, path: "/failover", timeout: timeout).value
    }

    /// Changes of primary, the newest first.
    public func failoverHistory(
        of host: Host, count: Int, timeout: Duration = .seconds(10)
    ) async throws -> [FailoverChange] {
        try await get(
            [FailoverChange].self, from: host, path: "/failover/history?count=\(count)", timeout: timeout
        ).value
    }

    /// Orders a planned change of primary.
    /// - Parameters:
    ///   - name: of the host that is to lead.
    ///   - host: whose agent is asked.
    public func switchOver(to name: String, asking host: Host, timeout: Duration = .seconds(5)) async throws {
        try await post("/failover/switchover?to=\(name)", to: host, timeout: timeout)
    }

    /// A change of primary by an operator's word, though it may lose writes.
    /// - Parameters:
    ///   - epoch: that the operator looked at.
    ///   - host: who is to lead.
    public func forceFailover(to host: Host, epoch: Int, timeout: Duration = .seconds(5)) async throws {
        try await post("/failover/force?epoch=\(epoch)", to: host, timeout: timeout)
    }

    /// Has a host copy the primary's data anew, and returns when it has.
    public func rebuild(_ host: Host, timeout: Duration) async throws {
        try await post("/failover/rebuild", to: host, timeout: timeout)
    }

    /// No change of primary by itself, or again.
    public func setFailoverPaused(
        _ isPaused: Bool, asking host: Host, timeout: Duration = .seconds(5)
    ) async throws {
        try await post("/failover/\(isPaused ? "pause" : "resume")", to: host, timeout: timeout)
    }

    /// Stops a service and waits until it has ended.
    public func stop(_ service: ServiceName, on host: Host, timeout: Duration) async throws {
        try await post("/stop/\(service.rawValue)", to: host, timeout: timeout)
    }

    /// Has the host's programs look at the files that these settings would give it.
    /// - Throws: `RefusedFile`.
    public func check(_ settings: AppliedHost, on host: Host) async throws {
        try await post("/check", to: host, timeout: Self.checkBound, body: settings)
    }

    /// Gives a host's agent its certificates, where the command that made them runs on another machine and shares no
    /// folder with the agent.
    public func give(_ certificates: [HostFile], to host: Host) async throws {
        try await post(
            "/certificates", to: host, timeout: .seconds(20), text: try JSONText.encode(certificates, isPretty: false))
    }

    /// Gives a host new settings; its agent begins anew with them at once.
    /// - Throws: `RefusedFile`, and nothing was changed.
    public func apply(_ settings: AppliedHost, on host: Host) async throws {
        try await post("/apply", to: host, timeout: Self.checkBound, body: settings)
    }

    /// Has the host run `prepare` with these settings, to its end.
    /// - Throws: `StateError` with the command's last words.
    public func prepare(_ settings: AppliedHost, on host: Host) async throws {
        let bound = settings.applied.stack.app.prepareTimeoutSeconds
        // One that was begun earlier may have to end first.
        try await post("/prepare", to: host, timeout: .seconds(2 * bound + 30), body: settings)
    }

    /// The versions of the app that `prepare` has succeeded for there.
    func prepared(on host: Host, timeout: Duration = .seconds(2)) async throws -> [String] {
        try await get([String].self, from: host, path: "/prepared", timeout: timeout).value
    }

    /// Ends a service, which is then started again; returns once it has ended.
    public func restart(_ service: String, on host: Host, timeout: Duration) async throws {
        try await post("/restart/\(service)", to: host, timeout: timeout)
    }

    /// Has a host run a job of the app now. Returns once its process starts, or with the reason why it does not.
    public func startJob(_ name: String, on host: Host) async throws -> JobStart {
        var request = HTTPClientRequest(url: url(host, "/jobs/\(name)"))
        request.method = .POST
        // What it needs has half a minute to be there, and then etcd is asked.
        let (body, _) = try await execute(request, host: host, timeout: .seconds(60))
        return try JSONDecoder().decode(JobStart.self, from: Data(body.readableBytesView))
    }

    /// How a run that was started by hand stands, or the job's last run.
    public func jobReport(
        _ name: String, id: String, of host: Host, timeout: Duration = .seconds(2)
    ) async throws -> JobReport {
        try await get(JobReport.self, from: host, path: "/jobs/\(name)?id=\(id)", timeout: timeout).value
    }

    /// Tells another agent something for the failover.
    /// - Returns: what the agent says in turn; empty where it has nothing to say.
    func say(_ message: Data, to host: Host, timeout: Duration) async throws -> Data {
        var request = HTTPClientRequest(url: url(host, PeerRoute.pathWithReply))
        request.method = .POST
        request.body = .bytes(ByteBuffer(bytes: message))
        return Data(try await execute(request, host: host, timeout: timeout).0.readableBytesView)
    }

    /// Each program has a minute to look at its file.
    private static let checkBound = Duration.seconds(200)

    private func post(
        _ path: String, to host: Host, timeout: Duration, body: AppliedHost
    ) async throws {
        try await post(path, to: host, timeout: timeout, text: try JSONText.encode(body, isPretty: false))
    }

    private func post(_ path: String, to host: Host, timeout: Duration, text: String? = nil) async throws {
        var request = HTTPClientRequest(url: url(host, path))
        request.method = .POST
        if let text { request.body = .bytes(ByteBuffer(string: text)) }
        _ = try await execute(request, host: host, timeout: timeout)
    }

    private func get<T: Decodable>(
        _ type: T.Type, from host: Host, path: String, timeout: Duration
    ) async throws -> (value: T, version: Int) {
        let (body, headers) = try await execute(
            HTTPClientRequest(url: url(host, path)), host: host, timeout: timeout)
        let version = headers.first(name: TopologyRoute.versionHeader).flatMap { Int($0) } ?? 0
        return (try JSONDecoder().decode(type, from: Data(body.readableBytesView)), version)
    }

    private func url(_ host: Host, _ path: String) -> String {
        let name = stack.map { Stack.agentName(of: host.name, stack: $0) } ?? host.address
        return "https://\(name):\(port)\(path)"
    }

    private func execute(
        _ request: HTTPClientRequest, host: Host, timeout: Duration
    ) async throws -> (ByteBuffer, HTTPHeaders) {
        let limit = TimeAmount.nanoseconds(Int64(timeout / .nanoseconds(1)))
        let response: HTTPClientResponse
        let body: ByteBuffer
        do {
            response = try await client.execute(request, deadline: .now() + limit)
            body = try await response.body.collect(upTo: 4 * 1024 * 1024)
        } catch let error as HTTPClientError where error != .cancelled {
            throw StateError(
                "the agent of \(host.name) gave no answer to \(request.method) \(URL(string: request.url)?.path ?? ""): "
                    + "\(error.shortDescription). See: tandem logs agent")
        }
        if response.status == .unprocessableEntity,
            let refusal = try? JSONDecoder().decode(RefusedFile.self, from: Data(body.readableBytesView))
        {
            throw refusal
        }
        guard (200..<300).contains(response.status.code) else {
            throw StateError("the agent of \(host.name) answers \(response.status.code): \(String(buffer: body))")
        }
        return (body, response.headers)
    }
}

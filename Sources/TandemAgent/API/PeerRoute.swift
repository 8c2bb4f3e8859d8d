import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import TandemFailover
import TandemFailoverDriver
import TandemPKI
import TandemServices

/// `POST /peer`: what agents say to each other for the failover, several times a second. 204; or, asked with `?reply`,
/// 200 with this agent's own status, where a status was told and this agent does not tell its own by itself.
///
/// Who speaks is the host that the certificate names. A message is small, and has to arrive in time: a late one is
/// worth nothing.
struct PeerRoute: Sendable {
    /// The stack's name.
    let stack: String
    let names: HostNames
    /// What is said, and by which host.
    let receive: @Sendable (PeerMessage, HostID) async -> Void
    /// This host's status for the reply to a host's.
    let reply: @Sendable (HostID) async -> PeerStatus?

    /// Agents that do not know of replies do not ask for them, and are told everything.
    static let pathWithReply = "/peer?reply"

    /// Sets of transactions grow with the number of servers that a stack has had.
    static let largestMessage = 256 * 1024
    static let bound = Duration.seconds(2)

    init(
        stack: String, names: HostNames, receive: @escaping @Sendable (PeerMessage, HostID) async -> Void,
        reply: @escaping @Sendable (HostID) async -> PeerStatus? = { _ in nil }
    ) {
        self.stack = stack
        self.names = names
        self.receive = receive
        self.reply = reply
    }

    init(stack: String, seat: FailoverSeat) {
        self.init(
            stack: stack, names: seat.hosts.names, receive: { await seat.receive($0, from: $1) },
            reply: { await seat.reply(to: $0) })
    }

    func add(to router: Router<AgentRequestContext>) {
        router.group("").add(middleware: CertificateMiddleware(stack: stack, kinds: [.agent])).post("/peer") {
            request, context in
            let sender = try sender(context)
            let body = try await Self.inTime { try await request.body.collect(upTo: Self.largestMessage) }
            let message = try message(body)
            await receive(message, sender)
            guard case .status = message, request.uri.queryParameters["reply"] != nil, let status = await reply(sender)
            else { return Response(status: .noContent) }
            let own = try Self.encode(.status(status), names)
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: own)))
        }
    }

    private func sender(_ context: AgentRequestContext) throws -> HostID {
        guard let name = context.caller?.host, let host = names.host(name) else {
            throw HTTPError(
                .forbidden, message: "your certificate names no host whose agent takes part in the failover")
        }
        return host
    }

    private func message(_ body: ByteBuffer) throws -> PeerMessage {
        do {
            return try Self.decode(Data(body.readableBytesView), names)
        } catch {
            throw HTTPError(.badRequest, message: "this is no message between agents: \(error)")
        }
    }

    static func decode(_ data: Data, _ names: HostNames) throws -> PeerMessage {
        let decoder = JSONDecoder()
        decoder.userInfo[HostNames.key] = names
        return try decoder.decode(PeerMessage.self, from: data)
    }

    static func encode(_ message: PeerMessage, _ names: HostNames) throws -> Data {
        let encoder = JSONEncoder()
        encoder.userInfo[HostNames.key] = names
        encoder.outputFormatting = [.sortedKeys]
        return try encoder.encode(message)
    }

    private static func inTime<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws
        -> Value
    {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Ticks.after(bound)
                throw HTTPError(.requestTimeout, message: "the message did not arrive within \(bound)")
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}

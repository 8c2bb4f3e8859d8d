import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import TandemFailover
import TandemFailoverDriver
import TandemPKI
import TandemServices

/// `POST /peer`: what agents say to each other for the failover, several times a second. 204.
///
/// Who speaks is the host that the certificate names. A message is small, and has to arrive in time: a late one is worth nothing.
struct PeerRoute: Sendable {
    /// The stack's name.
    let stack: String
    let names: HostNames
    /// What is said, and by which host.
    let receive: @Sendable (PeerMessage, HostID) async -> Void

    /// Sets of transactions grow with the number of servers that a stack has had.
    static let largestMessage = 256 * 1024
    static let bound = Duration.seconds(2)

    func add(to router: Router<AgentRequestContext>) {
        router.group("").add(middleware: CertificateMiddleware(stack: stack, kinds: [.agent])).post("/peer") {
            request, context in
            let sender = try sender(context)
            let body = try await Self.inTime { try await request.body.collect(upTo: Self.largestMessage) }
            await receive(try message(body), sender)
            return Response(status: .noContent)
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

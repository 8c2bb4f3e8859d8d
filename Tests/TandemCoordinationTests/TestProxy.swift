import NIOCore
import NIOPosix
import Synchronization

/// Passes bytes on between clients and a member, and loses some when told to.
final class TestProxy: Sendable {
    enum Loss: Sendable, Hashable {
        /// The next thing that a client says is lost, and its connection with it.
        case question
        /// The next thing that a client says arrives; the answer is lost, and the connection with it.
        case answer
        /// Connections are taken, and nothing passes.
        case everything
    }

    let address: String
    let port = 2379
    private let target: String
    private let state = Mutex<(loss: Loss?, lost: [Loss: Int])>((nil, [:]))

    private init(address: String, target: String) {
        self.address = address
        self.target = target
    }

    /// Runs a body with a proxy before a member's address.
    static func with<Result: Sendable>(
        _ address: String, target: String, _ body: @escaping @Sendable (TestProxy) async throws -> Result
    ) async throws -> Result {
        let proxy = TestProxy(address: address, target: target)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: address, port: proxy.port) { channel in wrap(channel) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { links in
                    try await server.executeThenClose { clients in
                        for try await client in clients { links.addTask { try? await proxy.pass(client) } }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(proxy)
        }
    }

    func lose(_ loss: Loss?) { state.withLock { $0.loss = loss } }
    func lost(_ loss: Loss) -> Int { state.withLock { $0.lost[loss, default: 0] } }

    private static func wrap(_ channel: any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> {
        channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
    }

    private func pass(_ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws {
        try await client.executeThenClose { fromClient, toClient in
            let member = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: target, port: port) { channel in Self.wrap(channel) }
            let swallows = Flag()
            try await member.executeThenClose { fromMember, toMember in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try? await self.ask(fromClient, toMember, swallows)
                    }
                    group.addTask {
                        try? await self.answer(fromMember, toClient, swallows)
                    }
                    await group.next()
                    client.channel.close(promise: nil)
                    member.channel.close(promise: nil)
                    group.cancelAll()
                }
            }
        }
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
    }

    private func ask(
        _ client: NIOAsyncChannelInboundStream<ByteBuffer>, _ member: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ swallows: Flag
    ) async throws {
        for try await bytes in client {
            switch take() {
            case .question: return didLose(.question)
            case .answer: swallows.set()
            case .everything:
                didLose(.everything)
                continue
            case nil: break
            }
            try await member.write(bytes)
        }
    }

    private func answer(
        _ member: NIOAsyncChannelInboundStream<ByteBuffer>, _ client: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ swallows: Flag
    ) async throws {
        for try await bytes in member {
            if swallows.isSet { return didLose(.answer) }
            if state.withLock({ $0.loss }) == .everything { continue }
            try await client.write(bytes)
        }
    }

    private func take() -> Loss? {
        state.withLock { state in
            guard state.loss != .everything else { return .everything }
            defer { state.loss = nil }
            return state.loss
        }
    }

    private func didLose(_ loss: Loss) { state.withLock { $0.lost[loss, default: 0] += 1 } }
}

import MySQLConnector
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Passes bytes on between clients and a server, and cuts links when told to.
final class Proxy: Sendable {
    enum Cut: Sendable {
        /// The next thing that a client says is lost, and its link with it.
        case question
        /// The next thing that a client says arrives; the answer is lost, and the link with it.
        case answer
    }

    private struct State {
        var cut: Cut?
        var target: MySQLConfiguration.Address
        var links: [ObjectIdentifier: any Channel] = [:]
        var lost: [Cut: Int] = [:]
    }

    let address: String
    let port: Int
    private let state: Mutex<State>

    init(address: String, port: Int, target: MySQLConfiguration.Address) {
        self.address = address
        self.port = port
        state = Mutex(State(target: target))
    }

    var place: MySQLConfiguration.Address { .tcp(host: address, port: port) }

    /// What was really lost so far: a question that came, an answer that was on its way.
    func lost(_ cut: Cut) -> Int { state.withLock { $0.lost[cut, default: 0] } }

    func cutNext(_ cut: Cut) { state.withLock { $0.cut = cut } }

    /// What was to be cut next, and did not come, shall not be.
    func disarm() { state.withLock { $0.cut = nil } }

    /// Whoever connects from now on comes to another server.
    func lead(to target: MySQLConfiguration.Address) { state.withLock { $0.target = target } }

    /// Cuts all links at once.
    ///
    /// - Returns: how many there were.
    @discardableResult
    func cutAll() -> Int {
        let links = state.withLock { Array($0.links.values) }
        for link in links { link.close(promise: nil) }
        return links.count
    }

    /// Runs until cancelled. A test whose proxy ends before that waits for faults that never come, so it is told.
    func run() async {
        do {
            try await serve()
            if !Task.isCancelled { Issue.record("the proxy at \(address) ended by itself") }
        } catch {
            if !Task.isCancelled { Issue.record("the proxy at \(address) ended: \(error)") }
        }
    }

    private func serve() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: address, port: port) { channel in Self.wrap(channel) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await server.executeThenClose { clients in
                for try await client in clients { group.addTask { try? await self.pass(client) } }
            }
        }
    }

    private static func wrap(_ channel: any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> {
        channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
    }

    private func pass(_ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws {
        guard case .tcp(let host, let port) = state.withLock({ $0.target }) else { return }
        let id = ObjectIdentifier(client.channel)
        state.withLock { $0.links[id] = client.channel }
        defer { state.withLock { $0.links[id] = nil } }
        try await client.executeThenClose { fromClient, toClient in
            let server = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: host, port: port) { channel in Self.wrap(channel) }
            let link = Link(proxy: self)
            try await server.executeThenClose { fromServer, toServer in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { try? await link.ask(fromClient, toServer) }
                    group.addTask { try? await link.answer(fromServer, toClient) }
                    await group.next()
                    client.channel.close(promise: nil)
                    server.channel.close(promise: nil)
                    group.cancelAll()
                }
            }
        }
    }

    private final class Link: Sendable {
        private let proxy: Proxy
        private let swallows = Mutex(false)

        init(proxy: Proxy) { self.proxy = proxy }

        func ask(
            _ client: NIOAsyncChannelInboundStream<ByteBuffer>, _ server: NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) async throws {
            for try await bytes in client {
                switch proxy.takeCut() {
                case .question: return proxy.didLose(.question)
                case .answer: swallows.withLock { $0 = true }
                case nil: break
                }
                try await server.write(bytes)
            }
        }

        func answer(
            _ server: NIOAsyncChannelInboundStream<ByteBuffer>, _ client: NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) async throws {
            for try await bytes in server {
                if swallows.withLock({ $0 }) { return proxy.didLose(.answer) }
                try await client.write(bytes)
            }
        }
    }

    private func takeCut() -> Cut? {
        state.withLock { state in
            guard let cut = state.cut else { return nil }
            state.cut = nil
            return cut
        }
    }

    private func didLose(_ cut: Cut) { state.withLock { $0.lost[cut, default: 0] += 1 } }
}

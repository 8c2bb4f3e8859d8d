import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import TandemAgent

@Suite("A server whose task is cancelled")
struct CancellableChannelTests {
    /// Says how many connections were set up, and how many let go of.
    private struct CountedChannel: ServerChildChannel {
        final class Counts: Sendable {
            let setUp = Atomic(0)
            let ended = Atomic(0)
        }

        let base: HTTP1Channel
        let counts: Counts

        func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
            base.setup(channel: channel, logger: logger).always { [counts] result in
                if case .success = result { counts.setUp.add(1, ordering: .relaxed) }
            }
        }

        func handle(value: HTTP1Channel.Value, logger: Logger) async {
            await base.handle(value: value, logger: logger)
            counts.ended.add(1, ordering: .relaxed)
        }
    }

    /// Without `CancellableChannel` the process ends within a few rounds.
    @Test("lets go of every connection that arrives meanwhile, also of those that nobody has served yet")
    func letsGo() async throws {
        let counts = CountedChannel.Counts()
        for round in 0..<60 {
            let listening = AsyncStream<Int>.makeStream()
            let server = Task {
                try? await Application(
                    router: Router(),
                    server: HTTPServerBuilder {
                        CancellableChannel(CountedChannel(base: HTTP1Channel(responder: $0), counts: counts))
                    },
                    configuration: .init(address: .hostname("127.200.11.3", port: 0)),
                    onServerRunning: { listening.continuation.yield($0.localAddress?.port ?? 0) },
                    logger: quietLogger
                ).run()
            }
            let port = try #require(await listening.stream.first { _ in true })
            let clients = try await withThrowingTaskGroup(of: (any Channel)?.self) { group in
                group.addTask {
                    try await Task.sleep(for: .microseconds(round * 50))
                    server.cancel()
                    return nil
                }
                for _ in 0..<12 {
                    group.addTask {
                        try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                            .connect(host: "127.200.11.3", port: port).get()
                    }
                }
                return try await group.reduce(into: [any Channel]()) { all, client in
                    if let client { all.append(client) }
                }
            }
            await server.value
            for client in clients { client.close(promise: nil) }
        }
        try await eventually("all are let go of") {
            counts.ended.load(ordering: .relaxed) == counts.setUp.load(ordering: .relaxed)
        }
        #expect(counts.setUp.load(ordering: .relaxed) > 0)
    }
}

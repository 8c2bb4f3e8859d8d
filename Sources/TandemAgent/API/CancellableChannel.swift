import Hummingbird
public import HummingbirdCore
public import Logging
public import NIOCore
import Synchronization

/// A server's connections, so that its task can be cancelled at any moment.
///
/// Between the listener and the task that serves a connection lies a queue. What is in it when the server is cancelled
/// is dropped, and NIO ends the whole process for a connection that was dropped without having been closed (swift-nio,
/// issues 2637 and 2813). Here it is closed.
public struct CancellableChannel<Base: ServerChildChannel>: ServerChildChannel {
    private let base: Base

    public init(_ base: Base) { self.base = base }

    public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
        base.setup(channel: channel, logger: logger).map { Connection(value: $0, base: base, logger: logger) }
    }

    public func handle(value: Connection, logger: Logger) async { await value.serve() }

    public final class Connection: ServerChildChannelValue {
        private let value: Base.Value
        private let base: Base
        private let logger: Logger
        private let isServed = Atomic(false)

        public var channel: any Channel { value.channel }

        init(value: Base.Value, base: Base, logger: Logger) {
            self.value = value
            self.base = base
            self.logger = logger
        }

        fileprivate func serve() async {
            isServed.store(true, ordering: .relaxed)
            await base.handle(value: value, logger: logger)
        }

        deinit {
            guard !isServed.load(ordering: .relaxed) else { return }
            value.channel.close(promise: nil)
            // It finds the connection closed, and lets go of it as it should.
            Task { [value, base, logger] in await base.handle(value: value, logger: logger) }
        }
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1 without TLS.
    public static func cancellable(idleTimeout: TimeAmount) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            CancellableChannel(HTTP1Channel(responder: responder, configuration: .init(idleTimeout: idleTimeout)))
        }
    }
}

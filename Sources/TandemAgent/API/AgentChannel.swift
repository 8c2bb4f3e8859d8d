import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Synchronization

/// A connection to an agent's API, within bounds: any client that reaches the port may open one without a certificate.
struct AgentChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    /// What one agent keeps open. Beyond that, new connections are closed at once; agents and the command line ask
    /// again.
    static let mostConnections = 1000
    /// In which a caller has to have come through the handshake of TLS.
    static let handshakeBound = TimeAmount.seconds(10)

    private let base: TLSChannel<HTTP1Channel>
    private let places: Places

    init(
        responder: @escaping HTTPChannelHandler.Responder, tls: TLSConfiguration, idleTimeout: TimeAmount,
        handshakeBound: TimeAmount = handshakeBound, mostConnections: Int = mostConnections
    ) throws {
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [HandshakeTimer(bound: handshakeBound)], idleTimeout: idleTimeout)
        base = try TLSChannel(HTTP1Channel(responder: responder, configuration: configuration), tlsConfiguration: tls)
        places = Places(most: mostConnections)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let isAdmitted = places.enter()
        channel.closeFuture.whenComplete { [places] _ in places.leave() }
        guard isAdmitted else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(StateError("too many connections"))
        }
        return base.setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }

    private final class Places: Sendable {
        private let most: Int
        private let taken = Atomic(0)

        init(most: Int) { self.most = most }

        func enter() -> Bool { taken.add(1, ordering: .relaxed).newValue <= most }
        func leave() { taken.subtract(1, ordering: .relaxed) }
    }
}

/// Closes a connection whose TLS handshake does not come to an end.
private final class HandshakeTimer: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let bound: TimeAmount
    private var timer: Scheduled<Void>?

    init(bound: TimeAmount) { self.bound = bound }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: bound) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event { timer?.cancel() }
        context.fireUserInboundEventTriggered(event)
    }
}

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import TandemBlueprint

/// Asks whether a service can serve.
struct ReadinessProbe: Sendable {
    let client: HTTPClient
    /// How long one question may take.
    static let timeout = TimeAmount.seconds(2)

    func isReady(_ readiness: ServiceBlueprint.Readiness, isDatabaseReady: @Sendable () async -> Bool) async -> Bool {
        switch readiness {
        case .tcp(let address, let port): await accepts(address, port)
        case .http(let address, let port, let path): await answers("http://\(address):\(port)\(path)")
        case .database: await isDatabaseReady()
        }
    }

    /// Whether whoever listens there speaks first, as MySQL does: a router without an open server accepts and hangs up.
    func greets(_ address: String, _ port: Int) async -> Bool {
        do {
            let connection = try await ClientBootstrap(group: client.eventLoopGroup)
                .connectTimeout(Self.timeout).connect(host: address, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            let timer = connection.channel.eventLoop.scheduleTask(in: Self.timeout) {
                connection.channel.close(promise: nil)
            }
            defer { timer.cancel() }
            return try await connection.executeThenClose { inbound, _ in
                for try await buffer in inbound where buffer.readableBytes > 0 { return true }
                return false
            }
        } catch {
            return false
        }
    }

    private func accepts(_ address: String, _ port: Int) async -> Bool {
        do {
            let channel = try await ClientBootstrap(group: client.eventLoopGroup)
                .connectTimeout(Self.timeout).connect(host: address, port: port).get()
            try? await channel.close()
            return true
        } catch {
            return false
        }
    }

    private func answers(_ url: String) async -> Bool {
        let request = HTTPClientRequest(url: url)
        guard let response = try? await client.execute(request, timeout: Self.timeout) else { return false }
        // The connection can be used again only when the body was read.
        _ = try? await response.body.collect(upTo: 64 * 1024)
        return response.status == .ok
    }
}
